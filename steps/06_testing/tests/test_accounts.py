"""Accounts: passwords come in and stay hidden, programs and people are registered."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.auth.errors import Unauthenticated
from app.auth.scopes import ROLE_SCOPES, SCOPES, parse_scopes, spell_scopes
from app.extensions import db
from app.models import OAuthClient, User
from app.services.accounts import authenticate

USERS = "/api/v1/users"
ADA = {"email": "Ada@Example.org", "name": "Ada", "password": "a long enough password"}


def stored(app: Flask, email: str) -> User | None:
    with app.app_context():
        return db.session.scalar(select(User).where(User.email == email))


def test_a_password_never_comes_out(app: Flask, client: FlaskClient) -> None:
    answer = client.post(USERS, json=ADA)

    assert answer.status_code == 201
    assert "password" not in answer.text
    user = stored(app, "ada@example.org")
    assert user is not None
    assert user.password_hash is not None
    assert ADA["password"] not in user.password_hash


def test_a_short_password_is_refused(app: Flask, client: FlaskClient) -> None:
    answer = client.post(USERS, json={**ADA, "password": "too short"})

    assert answer.status_code == 422
    assert stored(app, "ada@example.org") is None


def test_nobody_chooses_their_role(app: Flask, client: FlaskClient) -> None:
    answer = client.post(USERS, json={**ADA, "role": "admin"})

    assert answer.status_code == 422


def test_the_right_password_signs_in(app: Flask, client: FlaskClient) -> None:
    client.post(USERS, json=ADA)

    with app.app_context():
        assert authenticate("ada@example.org", ADA["password"]).name == "Ada"
        with pytest.raises(Unauthenticated):
            authenticate("ada@example.org", "another password")


def test_an_admin_is_made_at_the_terminal(app: Flask) -> None:
    arguments = ["add-user", "eve@example.org", "Eve", "--role", "admin"]
    twice = f"{ADA['password']}\n{ADA['password']}\n"

    result = app.test_cli_runner().invoke(args=arguments, input=twice)

    assert result.exit_code == 0, result.output
    user = stored(app, "eve@example.org")
    assert user is not None
    assert user.role == "admin"


def test_the_terminal_refuses_what_the_api_refuses(app: Flask) -> None:
    arguments = ["add-user", "eve@example.org", "Eve"]

    result = app.test_cli_runner().invoke(args=arguments, input="short\nshort\n")

    assert result.exit_code == 1
    assert "password" in result.output


def test_a_program_is_registered_without_its_secret(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["add-client", "Shelf", "--scope", "books:read"])

    assert result.exit_code == 0, result.output
    secret = result.output.split()[-1]
    with app.app_context():
        client = db.session.scalars(select(OAuthClient).where(OAuthClient.name == "Shelf")).one()
    assert client.secret_hash not in {None, secret}
    assert client.grant_types == "client_credentials"


def test_a_public_program_needs_people(app: Flask) -> None:
    arguments = ["add-client", "Shelf", "--scope", "books:read", "--public"]

    assert app.test_cli_runner().invoke(args=arguments).exit_code == 1


def test_the_form_to_sign_in_can_be_used(client: FlaskClient) -> None:
    page = client.get("/api/v1/session")

    assert page.status_code == 200
    for label in ('for="email"', 'for="password"'):
        assert label in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_scopes_are_spelled_in_one_order() -> None:
    assert (
        spell_scopes(parse_scopes("admin  loans:read books:read")) == "books:read loans:read admin"
    )
    assert ROLE_SCOPES["member"] < ROLE_SCOPES["librarian"] < ROLE_SCOPES["admin"] == set(SCOPES)
