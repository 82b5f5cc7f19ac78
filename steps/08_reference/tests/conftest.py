"""What every test of the app starts from: an empty library, and a client to ask it.

``app``
    The app, built once for the whole run; the migrations have made its tables.
``client``
    Asks it over HTTP: a program of the house, with every scope.
``author_id``
    An author to write the books of a test.
``rollback``
    Around every test, unasked: whatever the test stores, by a request, by a service or by
    ``db.session``, is gone when it ends, also what was committed. Within the test, commits
    and rollbacks do what they always do. What was stored before the test stays. Limits and cache
    know nothing of a rollback, and begin anew with each test.
"""

import time
from collections.abc import Iterator

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade  # type: ignore[import-untyped]
from sqlalchemy.orm import scoped_session, sessionmaker

from app import create_app
from app.auth.keys import signing_key
from app.auth.scopes import SCOPES, spell_scopes
from app.extensions import cache, db
from app.models import OAuthClient

EVERYTHING = spell_scopes(SCOPES)


@pytest.fixture(scope="session")
def app() -> Flask:
    app = create_app("testing")
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def client(app: Flask, rollback: None) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        house = OAuthClient(client_id="house", name="House", grant_types="", scope=EVERYTHING)
        db.session.add(house)
        db.session.commit()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_of_the_house(app)}"
    return client


def token_of_the_house(app: Flask) -> str:
    now, key = int(time.time()), signing_key()
    claims = {
        "sub": "client:house",
        "iss": app.config["ISSUER"],
        "aud": app.config["AUDIENCE"],
        "iat": now,
        "exp": now + 60,
        "jti": "house",
        "scope": EVERYTHING,
    }
    return jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.kid})


@pytest.fixture
def author_id(client: FlaskClient) -> int:
    answer = client.post("/api/v1/authors", json={"name": "Tove Jansson", "birth_year": 1914})
    identity: int = answer.get_json()["id"]
    return identity


@pytest.fixture(autouse=True)
def rollback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with app.app_context():
        engine = db.engine
        cache.clear()
        app.extensions["limits"].storage.reset()
    with engine.connect() as connection:
        transaction = connection.begin()
        # Not db.session itself: it asks the app for an engine, and would leave this connection.
        factory = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
        session = scoped_session(factory)
        monkeypatch.setattr(db, "session", session)
        yield
        session.remove()
        transaction.rollback()
