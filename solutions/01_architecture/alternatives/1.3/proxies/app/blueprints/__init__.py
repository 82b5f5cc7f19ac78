"""The app's routes, one blueprint for each domain."""

from flask import Flask

from app.blueprints import admin, users
from app.blueprints.catalog import authors, books


def register_blueprints(app: Flask) -> None:
    """Give every domain its place under ``/api/v1``."""
    app.register_blueprint(admin.admin, url_prefix="/api/v1/admin")
    app.register_blueprint(authors.authors, url_prefix="/api/v1/authors")
    app.register_blueprint(books.books, url_prefix="/api/v1/books")
    app.register_blueprint(users.users, url_prefix="/api/v1/users")
