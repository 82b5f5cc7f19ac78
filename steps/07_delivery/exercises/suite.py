"""Tests that all store the same row. Exercise 2.6 runs them with the learner's fixtures."""

import secrets
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import SQLAlchemyError

EMAIL = f"{secrets.token_hex(4)}@example.org"
ADA = {"email": EMAIL, "name": "Ada"}
DESK = f"desk-{EMAIL}"


APPS: set[Flask] = set()
"""The apps that the tests met: one, if all goes well."""


def add_desk() -> None:
    """Store a row outside of all tests: called once, between two of them."""
    import world
    from app.extensions import db

    desk = {"email": DESK, "name": "Desk", "role": "librarian", "active": True}
    for app in APPS:
        # Without tables there is nothing to store: the tests have said so.
        with suppress(SQLAlchemyError), app.app_context(), db.engine.begin() as connection:
            connection.execute(world.table("users").insert().values(**desk))


@pytest.fixture(autouse=True)
def met(app: Flask) -> None:
    APPS.add(app)


def emails(client: FlaskClient) -> list[str]:
    answer = client.get("/api/v1/users?per_page=100")
    return [user["email"] for user in answer.get_json()["items"]]


def ask(client: FlaskClient) -> Any:
    return client.post("/api/v1/users", json=ADA)


def test_a_request(client: FlaskClient) -> None:
    assert EMAIL not in emails(client), "a row of another test is there"
    status = ask(client).status_code
    assert status == 201, f"POST /api/v1/users answered {status}"
    assert EMAIL in emails(client), "the row that the test has stored is not there"


def test_an_author(client: FlaskClient, author_id: int) -> None:
    book = {"title": "Comet", "isbn13": "9780306406157", "author_ids": [author_id]}
    status = client.post("/api/v1/books", json=book).status_code
    assert status == 201, f"a book by author_id {author_id!r} was answered with {status}"


def test_no_author(client: FlaskClient) -> None:
    authors = client.get("/api/v1/authors").get_json()["total"]
    assert authors == 0, "an author of another test is there"


def test_a_service(app: Flask, client: FlaskClient) -> None:
    from app.services import users

    with app.app_context():
        users.add_user(dict(ADA))
    assert EMAIL in emails(client), "the row that the test has stored is not there"


def test_the_session(app: Flask, client: FlaskClient) -> None:
    from app.extensions import db
    from app.models import User

    with app.app_context():
        db.session.add(User(**ADA))
        db.session.commit()
    assert EMAIL in emails(client), "the row that the test has stored is not there"


def test_a_conflict(client: FlaskClient) -> None:
    ask(client)
    status = ask(client).status_code
    assert status == 409, f"the same address a second time was answered with {status}"
    assert emails(client).count(EMAIL) == 1, "a rollback within the test took the commit before it"


def test_a_rollback(app: Flask, client: FlaskClient) -> None:
    from app.extensions import db
    from app.models import User

    with app.app_context():
        db.session.add(User(**ADA))
        db.session.flush()
        db.session.rollback()
    assert EMAIL not in emails(client), "what the test rolled back is there"


def test_what_was_there(client: FlaskClient) -> None:
    assert DESK in emails(client), "a row from before the test is gone"


def test_the_tables(app: Flask) -> None:
    from sqlalchemy import inspect

    from app.extensions import db

    with app.app_context():
        tables = inspect(db.session.connection()).get_table_names()
    assert "alembic_version" in tables, "the tables were made without the migrations"
