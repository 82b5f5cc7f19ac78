"""The contract: what the app answers is what its document says, and it demands what it says."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

API = "/api/v1"
Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(app: Flask) -> Document:
    found: Document = app.test_client().get("/openapi.json").get_json()
    return found


@pytest.fixture
def library(client: FlaskClient) -> dict[str, TestResponse]:
    """One of each, made by requests: the answers."""
    made: dict[str, TestResponse] = {}

    def make(what: str, path: str, **values: Any) -> int:
        made[what] = client.post(f"{API}{path}", json=values)
        identity: int = made[what].get_json()["id"]
        return identity

    author = make("authors", "/authors", name="Tove Jansson")
    book = make("books", "/books", title="Comet", isbn13="9780312608880", author_ids=[author])
    copy = make("copies", f"/books/{book}/copies", barcode="LIB-1")
    user = make("users", "/users", email="ada@example.org", name="Ada Lovelace")
    make("loans", "/loans", copy_id=copy, user_id=user)
    return made


def resolved(document: Document, part: dict[str, Any]) -> dict[str, Any]:
    """``part``, or what its ``$ref`` points to."""
    if "$ref" not in part:
        return part
    found: Any = document
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return resolved(document, found)


def assert_as_documented(
    document: Document, method: str, path: str, answer: TestResponse, status: int
) -> None:
    assert answer.status_code == status
    responses = document["paths"][path][method]["responses"]
    assert str(status) in responses, f"{method} {path} does not list {status}"
    content = resolved(document, responses[str(status)])["content"]
    schema = {**content[answer.mimetype]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.get_json())


def operations(document: Document) -> list[tuple[str, str, bool]]:
    """Method, address and whether credentials are demanded, of each operation."""
    return [
        (method, path, bool(operation["security"]) and {} not in operation["security"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def ask(app: Flask, method: str, path: str) -> TestResponse:
    """Whatever a path has for variables, 1 will do: who asks is looked at first."""
    address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
    return app.test_client().open(address, method=method.upper())


@pytest.mark.parametrize(
    ("name", "made_at", "read_at"),
    [
        ("authors", "/authors", "/authors/{author_id}"),
        ("books", "/books", "/books/{book_id}"),
        ("users", "/users", "/users/{user_id}"),
        ("loans", "/loans", "/loans/{loan_id}"),
    ],
)
def test_what_is_made_and_read_fits(
    client: FlaskClient,
    document: Document,
    library: dict[str, TestResponse],
    name: str,
    made_at: str,
    read_at: str,
) -> None:
    made = library[name]
    assert_as_documented(document, "post", API + made_at, made, 201)
    assert_as_documented(document, "get", API + read_at, client.get(made.location), 200)


@pytest.mark.parametrize("path", [f"{API}/authors", f"{API}/books"])
def test_a_page_fits(
    client: FlaskClient, document: Document, library: dict[str, TestResponse], path: str
) -> None:
    page = client.get(path)
    assert page.get_json()["items"]
    assert_as_documented(document, "get", path, page, 200)


def test_refusals_fit(
    client: FlaskClient, document: Document, library: dict[str, TestResponse]
) -> None:
    author = library["authors"].get_json()["id"]
    again = {"title": "Comet", "isbn13": "9780312608880", "author_ids": [author]}
    books, authors = f"{API}/books", f"{API}/authors"
    conflict = client.post(books, json=again)
    assert_as_documented(document, "post", books, conflict, 409)
    unknown = client.post(authors, json={"name": "Tove", "shoe_size": 38})
    assert_as_documented(document, "post", authors, unknown, 422)
    missing = client.get(f"{authors}/{author + 1}")
    assert_as_documented(document, "get", authors + "/{author_id}", missing, 404)


def test_what_demands_credentials_is_refused_without(app: Flask, document: Document) -> None:
    guarded = [(method, path) for method, path, demands in operations(document) if demands]
    assert guarded
    for method, path in guarded:
        answer = ask(app, method, path)
        assert answer.status_code == 401, f"{method} {path}"
        assert answer.headers["WWW-Authenticate"], f"{method} {path}"


def test_what_demands_none_is_open(app: Flask, document: Document) -> None:
    public = [
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not operation["security"]
    ]
    assert public
    for method, path in public:
        assert ask(app, method, path).status_code != 401, f"{method} {path}"


def test_who_may_read_may_not_remove(
    client: FlaskClient, library: dict[str, TestResponse], reader: FlaskClient
) -> None:
    book = library["books"].location
    assert reader.get(book).status_code == 200
    assert reader.delete(book).status_code == 403
    assert client.get(book).status_code == 200


@pytest.fixture
def reader(app: Flask, client: FlaskClient) -> FlaskClient:
    """A program that may read books, and nothing more."""
    from app.auth.scopes import SCOPES
    from app.services import api_keys

    librarian = {"email": "eve@example.org", "name": "Eve"}
    user = client.post(f"{API}/users", json=librarian).get_json()["id"]
    with app.app_context():
        key, secret = api_keys.create_key(user, "reader", ["books:read"], frozenset(SCOPES))
        credentials = f"{key.prefix}.{secret}"
    reader = app.test_client()
    reader.environ_base["HTTP_X_API_KEY"] = credentials
    return reader
