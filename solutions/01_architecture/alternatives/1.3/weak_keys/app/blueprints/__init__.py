"""The app's routes, one blueprint for each domain."""

from flask import Flask

from app.blueprints.admin import admin
from app.blueprints.catalog.authors import authors
from app.blueprints.catalog.books import books
from app.blueprints.users import users


def register_blueprints(app: Flask) -> None:
    """Give every domain its place under ``/api/v1``: the place bears the blueprint's name."""
    for blueprint in (users, admin, books, authors):
        app.register_blueprint(blueprint, url_prefix=f"/api/v1/{blueprint.name}")
