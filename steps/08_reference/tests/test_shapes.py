"""Shapes: a schema has two faces, one for what comes in and one for what goes out."""

import pytest
from apispec import APISpec

from app.openapi.shapes import VERSION, Shapes
from app.schemas.author import AuthorSchema
from app.schemas.loan import LoanSchema
from app.schemas.paging import page_query


@pytest.fixture
def spec() -> APISpec:
    return APISpec("Test", "1", VERSION)


def test_what_is_made_here_does_not_come_in(spec: APISpec) -> None:
    Shapes(spec).body(AuthorSchema())

    incoming = spec.components.schemas["AuthorInput"]
    assert sorted(incoming["properties"]) == ["birth_year", "name"]
    assert incoming["required"] == ["name"]
    assert incoming["additionalProperties"] is False


def test_whatever_goes_out_goes_out_whole(spec: APISpec) -> None:
    Shapes(spec).answer(AuthorSchema())

    outgoing = spec.components.schemas["Author"]
    assert {"id", "name", "birth_year"} <= set(outgoing["required"])
    assert outgoing["properties"]["birth_year"]["type"] == ["integer", "null"]


def test_a_schema_within_another_is_described_by_what_it_is_there(spec: APISpec) -> None:
    Shapes(spec).answer(LoanSchema())

    book = spec.components.schemas["Loan"]["properties"]["book"]
    assert book["description"] == LoanSchema().fields["book"].metadata["description"]


def test_an_example_is_put_together_from_the_fields(spec: APISpec) -> None:
    body = Shapes(spec).body(AuthorSchema())

    assert AuthorSchema().load(body["example"]) == body["example"]


def test_the_query_string_becomes_parameters(spec: APISpec) -> None:
    parameters = Shapes(spec).parameters(page_query(["id", "name"]))

    assert [one["name"] for one in parameters] == ["page", "per_page", "sort"]
    assert all(one["in"] == "query" and one["description"] for one in parameters)
    assert parameters[1]["schema"]["maximum"] == 100
    assert parameters[2]["explode"] is False
