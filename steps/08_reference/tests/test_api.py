"""The API from outside: what is asked, which status comes, and what is in the answer."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BOOKS, LOANS = "/api/v1/books", "/api/v1/loans"


@pytest.fixture
def authors(client: FlaskClient) -> list[int]:
    """Two, the second one first: their order on the cover is not that of their ids."""
    names = ("Tove Jansson", "Lars Jansson")
    made = [client.post("/api/v1/authors", json={"name": name}).get_json() for name in names]
    return [author["id"] for author in reversed(made)]


@pytest.fixture
def moomins(authors: list[int]) -> dict[str, Any]:
    return {
        "title": "Comet in Moominland",
        "isbn13": "978-0-312-60888-0",
        "published_year": 1946,
        "author_ids": authors,
    }


@pytest.fixture
def book(client: FlaskClient, moomins: dict[str, Any]) -> TestResponse:
    return client.post(BOOKS, json=moomins)


@pytest.fixture
def desk(client: FlaskClient, book: TestResponse) -> dict[str, int]:
    """What it takes to lend: a copy on the shelf, and somebody with a card."""
    copy = client.post(f"{book.location}/copies", json={"barcode": "LIB-1"}).get_json()
    ada = {"email": "ada@example.org", "name": "Ada Lovelace"}
    user = client.post("/api/v1/users", json=ada).get_json()
    return {"copy_id": copy["id"], "user_id": user["id"]}


@pytest.fixture
def outside(app: Flask, client: FlaskClient) -> Iterator[httpx.Client]:
    """Another client: it knows HTTP, and nothing of Flask."""
    credentials = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    transport = httpx.WSGITransport(app=app)
    with httpx.Client(transport=transport, base_url="http://localhost", headers=credentials) as it:
        yield it


def assert_refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.get_json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert isinstance(body["message"], str)
    assert body["message"]
    assert isinstance(body["details"], list)
    return body


def fields_of(body: dict[str, Any]) -> set[str]:
    return {detail["field"] for detail in body["details"]}


def test_a_new_book_has_an_address(client: FlaskClient, book: TestResponse) -> None:
    assert book.status_code == 201
    read = client.get(book.location)
    assert read.status_code == 200
    assert read.get_json() == book.get_json()


def test_a_book_has_its_fields(book: TestResponse) -> None:
    body = book.get_json()
    assert isinstance(body["id"], int)
    assert body["version"] == 1
    assert body["title"] == "Comet in Moominland"
    assert body["isbn13"] == "9780312608880"
    assert body["published_year"] == 1946


def test_authors_stand_as_on_the_cover(book: TestResponse, authors: list[int]) -> None:
    there = [(author["id"], author["name"]) for author in book.get_json()["authors"]]
    assert there == list(zip(authors, ("Lars Jansson", "Tove Jansson"), strict=True))


def test_each_wrong_field_is_named(client: FlaskClient, moomins: dict[str, Any]) -> None:
    answer = client.post(BOOKS, json={**moomins, "title": "", "isbn13": "978"})
    assert fields_of(assert_refused(answer, 422, "validation_failed")) == {"title", "isbn13"}


def test_a_removed_book_is_gone(client: FlaskClient, book: TestResponse) -> None:
    removed = client.delete(book.location)
    assert (removed.status_code, removed.data) == (204, b"")
    assert_refused(client.get(book.location), 404, "not_found")


def test_a_loan_lasts_three_weeks(client: FlaskClient, desk: dict[str, int]) -> None:
    lent = client.post(LOANS, json=desk)
    assert lent.status_code == 201
    loan = lent.get_json()
    borrowed, due = (datetime.fromisoformat(loan[name]) for name in ("borrowed_at", "due_at"))
    assert due - borrowed == timedelta(days=21)
    assert loan["returned_at"] is None


def test_a_copy_that_is_out_is_refused(client: FlaskClient, desk: dict[str, int]) -> None:
    client.post(LOANS, json=desk)
    assert_refused(client.post(LOANS, json=desk), 409, "copy_on_loan")


def test_a_copy_that_is_not_there_is_refused(client: FlaskClient, desk: dict[str, int]) -> None:
    answer = client.post(LOANS, json={**desk, "copy_id": desk["copy_id"] + 1})
    assert fields_of(assert_refused(answer, 422, "validation_failed")) == {"copy_id"}


def test_a_copy_goes_out_and_comes_back(client: FlaskClient, desk: dict[str, int]) -> None:
    copy = f"/api/v1/copies/{desk['copy_id']}"
    loan = client.post(LOANS, json=desk)
    assert client.get(copy).get_json()["on_loan"] is True

    back = client.post(f"{loan.location}/return")
    assert back.status_code == 200
    assert back.get_json()["returned_at"] is not None
    assert client.get(copy).get_json()["on_loan"] is False


def test_any_client_gets_the_same(outside: httpx.Client, book: TestResponse) -> None:
    read = outside.get(book.location)
    assert read.status_code == httpx.codes.OK
    assert read.headers["Content-Type"] == "application/json"
    assert read.json() == book.get_json()
