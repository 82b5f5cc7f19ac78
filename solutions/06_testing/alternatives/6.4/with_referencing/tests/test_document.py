"""The contract: what the app answers is what its document says, and it demands what it says."""

from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from app.auth.scopes import ROLE_SCOPES
from app.extensions import db
from app.models import User
from app.services.api_keys import create_key

EXAMPLES = {
    "authors": {"name": "Otfried Preußler"},
    "books": {"title": "Krabat", "isbn13": "9783522200875"},
    "users": {"email": "krabat@example.org", "name": "Krabat"},
}


@pytest.fixture
def paths(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]
    return found


@pytest.fixture
def check(client: FlaskClient) -> Any:
    """``check(answer, "get", "/api/v1/books")``: the answer's body, if it is as documented."""
    document = client.get("/openapi.json").get_json()
    registry = Registry().with_resource("api", DRAFT202012.create_resource(document))
    resolver = registry.resolver("api")

    def checked(answer: Any, method: str, path: str) -> Any:
        responses = document["paths"][path][method]["responses"]
        assert str(answer.status_code) in responses
        response = responses[str(answer.status_code)]
        while "$ref" in response:
            response = resolver.lookup("api" + response["$ref"]).contents
        steps = [f"paths/{path.replace('/', '~1')}/{method}/responses/{answer.status_code}"]
        if "$ref" in responses[str(answer.status_code)]:
            steps = [responses[str(answer.status_code)]["$ref"].removeprefix("#/")]
        pointer = f"api#/{steps[0]}/content/application~1json/schema"
        Draft202012Validator({"$ref": pointer}, registry=registry).validate(answer.json)
        return answer.json

    return checked


def test_answers(client: FlaskClient, check: Any) -> None:
    post = partial(client.post)
    ids = {}
    for name, example in EXAMPLES.items():
        more = {"author_ids": [ids["authors"]]} if name == "books" else {}
        path = f"/api/v1/{name}"
        made = post(path, json={**example, **more})
        assert made.status_code == 201
        ids[name] = check(made, "post", path)["id"]
    copy = post(f"/api/v1/books/{ids['books']}/copies", json={"barcode": "K-1"}).json["id"]
    lent = post("/api/v1/loans", json={"copy_id": copy, "user_id": ids["users"]})
    ids["loans"] = check(lent, "post", "/api/v1/loans")["id"]
    for name, identity in ids.items():
        path = f"/api/v1/{name}/{{{name[:-1]}_id}}"
        found = client.get(f"/api/v1/{name}/{identity}")
        assert check(found, "get", path)["id"] == identity
    for name in ("authors", "books"):
        assert check(client.get(f"/api/v1/{name}"), "get", f"/api/v1/{name}")["total"] == 1
    again = post("/api/v1/books", json={**EXAMPLES["books"], "author_ids": [ids["authors"]]})
    assert check(again, "post", "/api/v1/books")["code"] == "isbn_taken"
    odd = post("/api/v1/authors", json={"name": "A", "colour": "red"})
    assert check(odd, "post", "/api/v1/authors")["code"] == "validation_failed"
    gone = client.get("/api/v1/authors/99999")
    assert check(gone, "get", "/api/v1/authors/{author_id}")["code"] == "not_found"


def test_credentials(app: Flask, paths: dict[str, Any]) -> None:
    refused, let_in = set(), set()
    for path, methods in paths.items():
        address = path.replace("{", "").replace("}", "")
        for name in ("book_id", "author_id", "user_id", "loan_id", "copy_id", "key_id"):
            address = address.replace(name, "7")
        for method, operation in methods.items():
            answer = app.test_client().open(address, method=method)
            if operation["security"] == []:
                let_in.add(answer.status_code)
            elif {} not in operation["security"]:
                refused.add((answer.status_code, "WWW-Authenticate" in answer.headers))
    assert refused == {(401, True)}
    assert let_in
    assert 401 not in let_in


def test_scopes(app: Flask, client: FlaskClient, rollback: None) -> None:
    with app.app_context():
        user = User(email="juro@example.org", name="Juro", role="librarian")
        db.session.add(user)
        db.session.commit()
        key, secret = create_key(user.id, "key", ["books:read"], ROLE_SCOPES["librarian"])
        header = {"X-API-Key": f"{key.prefix}.{secret}"}
    nobody = app.test_client()
    assert nobody.get("/api/v1/books", headers=header).status_code == 200
    assert nobody.delete("/api/v1/books/1", headers=header).status_code == 403
