"""Users: one address, one card."""

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient


@pytest.fixture
def users(app: Flask) -> str:
    """The address of the users: exercise 1.3 moves it."""
    with app.test_request_context():
        return url_for("users.list_users")


def test_a_new_user_is_a_member(client: FlaskClient, users: str) -> None:
    added = client.post(users, json={"email": "ada@example.org", "name": "Ada Lovelace"})

    assert added.status_code == 201
    assert added.get_json()["role"] == "member"


def test_an_address_signs_up_once(client: FlaskClient, users: str) -> None:
    ada = {"email": "ada@example.org", "name": "Ada Lovelace"}
    client.post(users, json=ada)

    assert client.post(users, json=ada).status_code == 409


def test_an_unknown_user_is_not_found(client: FlaskClient, users: str) -> None:
    assert client.get(f"{users}/4711").status_code == 404
