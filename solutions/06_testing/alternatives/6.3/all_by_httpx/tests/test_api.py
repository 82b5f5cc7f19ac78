"""The API from outside: what is asked, which status comes, and what is in the answer."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def api(app: Flask, client: FlaskClient) -> Iterator[httpx.Client]:
    headers = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    transport = httpx.WSGITransport(app=app)
    base_url = "http://library.example.org"
    with httpx.Client(transport=transport, base_url=base_url, headers=headers) as api:
        yield api


def made(api: httpx.Client, path: str, **values: Any) -> dict[str, Any]:
    body: dict[str, Any] = api.post(f"/api/v1/{path}", json=values).json()
    return body


@pytest.fixture
def book(api: httpx.Client) -> dict[str, Any]:
    first, second = (made(api, "authors", name=name)["id"] for name in ("Ende", "Hanika"))
    ids = [second, first]
    return made(api, "books", title="Momo", isbn13="9783522202107", author_ids=ids)


@pytest.fixture
def loan(api: httpx.Client, book: dict[str, Any]) -> dict[str, Any]:
    copy = made(api, f"books/{book['id']}/copies", barcode="M-1")
    reader = made(api, "users", email="gigi@example.org", name="Gigi")
    return made(api, "loans", copy_id=copy["id"], user_id=reader["id"])


def assert_error(answer: httpx.Response, status: int, code: str, *fields: str) -> None:
    assert answer.status_code == status
    error = answer.json()
    assert error.keys() >= {"code", "message", "details"}
    assert error["code"] == code
    assert {detail["field"] for detail in error["details"]} == set(fields)


def test_book(book: dict[str, Any]) -> None:
    wanted = {"title": "Momo", "isbn13": "9783522202107", "published_year": None, "version": 1}
    assert {name: book[name] for name in wanted} == wanted
    assert [author["name"] for author in book["authors"]] == ["Hanika", "Ende"]
    assert all(author["id"] for author in book["authors"])


def test_address(api: httpx.Client, book: dict[str, Any]) -> None:
    ids = [author["id"] for author in book["authors"]]
    body = {"title": "Krabat", "isbn13": "9783522200875", "author_ids": ids}
    answer = api.post("/api/v1/books", json=body)
    assert answer.status_code == 201
    assert api.get(answer.headers["Location"]).json() == answer.json()


def test_wrong_book(api: httpx.Client) -> None:
    answer = api.post("/api/v1/books", json={"title": "", "author_ids": [1]})
    assert_error(answer, 422, "validation_failed", "title", "isbn13")


def test_removal(api: httpx.Client, book: dict[str, Any]) -> None:
    path = f"/api/v1/books/{book['id']}"
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_error(api.get(path), 404, "not_found")


def test_loan(api: httpx.Client, loan: dict[str, Any]) -> None:
    borrowed, due = map(datetime.fromisoformat, (loan["borrowed_at"], loan["due_at"]))
    assert (due - borrowed, loan["returned_at"]) == (timedelta(weeks=3), None)
    again = {name: loan[name] for name in ("copy_id", "user_id")}
    assert_error(api.post("/api/v1/loans", json=again), 409, "copy_on_loan")


def test_return(api: httpx.Client, loan: dict[str, Any]) -> None:
    copy = f"/api/v1/copies/{loan['copy_id']}"
    before = api.get(copy).json()["on_loan"]
    answer = api.post(f"/api/v1/loans/{loan['id']}/return")
    assert answer.status_code == 200
    assert (before, api.get(copy).json()["on_loan"]) == (True, False)


def test_no_such_copy(api: httpx.Client, loan: dict[str, Any]) -> None:
    body = {"copy_id": 2**31 - 1, "user_id": loan["user_id"]}
    assert_error(api.post("/api/v1/loans", json=body), 422, "validation_failed", "copy_id")
