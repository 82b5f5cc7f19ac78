"""The contract: what the app answers is what its document says, and it demands what it says."""

import re
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

API = "/api/v1"


class Checked:
    """Asks as ``client`` does, and holds every answer against the document."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.document: dict[str, Any] = client.get("/openapi.json").get_json()

    def ask(self, method: str, path: str, **body: Any) -> TestResponse:
        sent = {"json": body} if body else {}
        answer = self.client.open(API + path, method=method.upper(), **sent)
        operation = self.operation(method, API + path)
        response = operation["responses"].get(str(answer.status_code))
        assert response, f"{answer.status_code} is not documented: {method} {path}"
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].split("/")[-1]]
        schema = dict(response["content"]["application/json"]["schema"])
        schema["components"] = self.document["components"]
        jsonschema.validate(answer.get_json(), schema, jsonschema.Draft202012Validator)
        return answer

    def operation(self, method: str, path: str) -> dict[str, Any]:
        for known, methods in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", known), path) and method in methods:
                found: dict[str, Any] = methods[method]
                return found
        pytest.fail(f"not in the document: {method} {path}")

    def add(self, path: str, **body: Any) -> int:
        answer = self.ask("post", path, **body)
        assert answer.status_code == 201
        identity: int = answer.get_json()["id"]
        return identity


@pytest.fixture
def library(client: FlaskClient) -> Checked:
    return Checked(client)


def test_a_whole_story(library: Checked) -> None:
    author = library.add("/authors", name="Michael Ende")
    momo = {"title": "Momo", "isbn13": "9783522202107", "author_ids": [author]}
    book = library.add("/books", **momo)
    copy = library.add(f"/books/{book}/copies", barcode="M-1")
    user = library.add("/users", email="beppo@example.org", name="Beppo")
    loan = library.add("/loans", copy_id=copy, user_id=user)
    for path in (f"/authors/{author}", f"/books/{book}", f"/users/{user}", f"/loans/{loan}"):
        assert library.ask("get", path).status_code == 200
    for path in ("/authors", "/books"):
        assert len(library.ask("get", path).get_json()["items"]) == 1
    assert library.ask("post", "/books", **momo).status_code == 409
    assert library.ask("post", "/authors", nmae="Ende").status_code == 422
    assert library.ask("get", "/authors/123456").status_code == 404


def test_guards(app: Flask, library: Checked) -> None:
    nobody, counted = app.test_client(), 0
    for path, methods in library.document["paths"].items():
        for method, operation in methods.items():
            answer = nobody.open(re.sub(r"\{\w+\}", "1", path), method=method)
            security = operation["security"]
            if security and {} not in security:
                counted += 1
                assert answer.status_code == 401, operation["operationId"]
                assert answer.headers.get("WWW-Authenticate"), operation["operationId"]
            elif not security:
                assert answer.status_code != 401, operation["operationId"]
    assert counted


def test_scopes(app: Flask, client: FlaskClient, library: Checked) -> None:
    author = library.add("/authors", name="Michael Ende")
    book = library.add("/books", title="Momo", isbn13="9783522202107", author_ids=[author])
    library.add("/users", email="gigi@example.org", name="Gigi", password="a long password")
    sign_in = {"email": "gigi@example.org", "password": "a long password", "scope": "books:read"}
    tokens = app.test_client().post(f"{API}/auth/login", json=sign_in).get_json()
    gigi = {"Authorization": f"Bearer {tokens['access_token']}"}
    removal = app.test_client().delete(f"{API}/books/{book}", headers=gigi)
    assert removal.status_code == 403
    assert client.get(f"{API}/books/{book}").status_code == 200
