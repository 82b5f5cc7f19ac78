"""What every test of the app starts from: an empty library, and a client to ask it.

``app``
    The app, built once for the whole run; the migrations have made its tables.
``client``
    Asks it over HTTP.
``author_id``
    An author to write the books of a test.
``rollback``
    Around every test, unasked: whatever the test stores, by a request, by a service or by
    ``db.session``, is gone when it ends, also what was committed. Within the test, commits
    and rollbacks do what they always do. What was stored before the test stays.
"""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import scoped_session, sessionmaker

from app import create_app
from app.extensions import db


@pytest.fixture(scope="session")
def library() -> Flask:
    app = create_app("testing")
    upgraded = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert upgraded.exit_code == 0, upgraded.output
    return app


@pytest.fixture
def app(library: Flask) -> Flask:
    return library


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def author_id(client: FlaskClient) -> int:
    answer = client.post("/api/v1/authors", json={"name": "Tove Jansson", "birth_year": 1914})
    identity: int = answer.get_json()["id"]
    return identity


@pytest.fixture(autouse=True)
def rollback(app: Flask) -> Iterator[None]:
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.begin()
        factory = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
        session = scoped_session(factory)
        try:
            with patch.object(db, "session", session):
                yield
        finally:
            session.remove()
            connection.rollback()
