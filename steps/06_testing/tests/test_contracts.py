"""Contracts: what stands above a view is what it does, and what is known of it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.openapi.contracts import Contract, contract_of, unlisted_because
from app.openapi.refusals import refusals_of
from app.openapi.security import security_of
from app.schemas.author import AuthorSchema

AUTHORS = "/api/v1/authors"


def contract(app: Flask, endpoint: str) -> Contract:
    return contract_of(app.view_functions[endpoint])


def test_what_comes_in_is_loaded_and_known(app: Flask, client: FlaskClient) -> None:
    answer = client.post(AUTHORS, json={"name": 7})

    assert answer.status_code == 422
    assert answer.get_json()["details"][0]["field"] == "name"
    assert isinstance(contract(app, "authors.add_author").takes["json"], AuthorSchema)


def test_what_goes_out_is_dumped_and_known(app: Flask, client: FlaskClient) -> None:
    answer = client.post(AUTHORS, json={"name": "Tove Jansson"})

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{AUTHORS}/{answer.get_json()['id']}"
    known = contract(app, "authors.add_author")
    assert (known.status, list(known.headers)) == (201, ["Location"])
    assert isinstance(known.gives, AuthorSchema)


def test_an_empty_answer_has_no_schema(app: Flask) -> None:
    assert contract(app, "books.remove_book").gives is None
    assert contract(app, "books.remove_book").status == 204


def test_a_list_is_known_to_come_in_pages(app: Flask, client: FlaskClient) -> None:
    assert contract(app, "authors.list_authors").paged
    assert "query" in contract(app, "authors.list_authors").takes
    assert client.get(f"{AUTHORS}?sort=shoe_size").status_code == 422
    assert client.get(f"{AUTHORS}?colour=red").status_code == 200


@pytest.mark.parametrize(
    ("endpoint", "statuses"),
    [
        ("authors.list_authors", [401, 403, 422, 429]),
        ("authors.get_author", [401, 403, 404, 429]),
        ("auth.login", [400, 401, 413, 415, 422, 429]),
        ("books.add_book", [400, 401, 403, 409, 413, 415, 422, 429]),
        ("auth.logout", [401, 429]),
    ],
)
def test_refusals_follow_from_what_a_view_demands_and_takes(
    app: Flask, endpoint: str, statuses: list[int]
) -> None:
    (rule,) = app.url_map.iter_rules(endpoint)

    assert list(refusals_of(rule, app.view_functions[endpoint])) == statuses


def test_a_public_view_needs_nothing(app: Flask) -> None:
    assert security_of(app.view_functions["auth.login"]) == []
    assert {"bearer": ["books:write"]} in security_of(app.view_functions["books.add_book"])


def test_a_program_proves_itself_or_has_no_secret(app: Flask) -> None:
    for endpoint in ("oauth.token", "oauth.revoke"):
        assert security_of(app.view_functions[endpoint]) == [{"client": []}, {}]


def test_pages_for_people_are_not_listed(app: Flask) -> None:
    for endpoint in ("desk.list_users", "session.show_form", "docs.show_docs", "static"):
        assert unlisted_because(endpoint, app.view_functions[endpoint])
    assert unlisted_because("books.list_books", app.view_functions["books.list_books"]) is None
