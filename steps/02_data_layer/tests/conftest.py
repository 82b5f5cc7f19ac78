"""What the app's own tests share.

``app``
    The app, built once for the whole run; the migrations have made its tables.
``client``
    Asks it over HTTP.
``rollback``
    Around every test, unasked: whatever the test stores, by a request, by a service or by
    ``db.session``, is gone when it ends, also what was committed. Within the test, commits
    and rollbacks do what they always do. What was stored before the test stays.
"""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade  # type: ignore[import-untyped]

from app import create_app


@pytest.fixture(scope="session")
def app() -> Flask:
    app = create_app("testing")
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(autouse=True)
def rollback(app: Flask) -> None:
    """Exercise 2.6, second part: today every row stays for the tests that follow."""
