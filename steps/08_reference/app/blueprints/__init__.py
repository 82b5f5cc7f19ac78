"""The app's routes, one blueprint for each domain."""

from flask import Blueprint, Flask

from app.blueprints.admin import admin
from app.blueprints.api_keys import api_keys
from app.blueprints.auth import auth
from app.blueprints.catalog.authors import authors
from app.blueprints.catalog.books import books
from app.blueprints.catalog.copies import copies
from app.blueprints.desk import desk
from app.blueprints.docs import docs
from app.blueprints.document import document
from app.blueprints.health import health
from app.blueprints.index import index
from app.blueprints.loans import loans
from app.blueprints.metrics import metrics
from app.blueprints.oauth import oauth
from app.blueprints.reservations import reservations
from app.blueprints.session import browser
from app.blueprints.users import users

API_PREFIX = "/api/v1"


def register_blueprints(app: Flask) -> None:
    """Give every domain its place under ``/api/v1``.

    ``books`` at ``/api/v1/books``, ``authors`` at ``/api/v1/authors``, ``users`` at
    ``/api/v1/users``, ``loans`` at ``/api/v1/loans``, ``admin`` at ``/api/v1/admin``;
    ``reservations``, ``auth``, ``oauth``, ``api_keys``, ``session`` and ``desk`` likewise;
    ``copies``, which live below books and on their own, and ``index`` at ``/api/v1``. Outside
    it, where every client looks for them: ``document`` (``/openapi.json``), ``health``,
    ``metrics``, ``docs`` at ``/docs``, and Flask's own ``/static``. Each keeps its name:
    ``url_for("books.get_book", …)`` works.
    """
    domains: dict[str, Blueprint] = {
        "/books": books,
        "/authors": authors,
        "/users": users,
        "/loans": loans,
        "/reservations": reservations,
        "/admin": admin,
        "/auth": auth,
        "/oauth": oauth,
        "/api-keys": api_keys,
        "/session": browser,
        "/desk": desk,
    }
    for prefix, blueprint in domains.items():
        app.register_blueprint(blueprint, url_prefix=API_PREFIX + prefix)
    for blueprint in (copies, index):
        app.register_blueprint(blueprint, url_prefix=API_PREFIX)
    app.register_blueprint(document)
    app.register_blueprint(health)
    app.register_blueprint(metrics)
    app.register_blueprint(docs, url_prefix="/docs")
