"""The app's routes, one blueprint for each domain."""

from flask import Flask

from app.blueprints.admin import admin
from app.blueprints.catalog.authors import authors
from app.blueprints.catalog.books import books
from app.blueprints.users import users


def register_blueprints(app: Flask) -> None:
    """Give every domain its place under ``/api/v1``.

    ``books`` at ``/api/v1/books``, ``authors`` at ``/api/v1/authors``, ``users`` at
    ``/api/v1/users``, ``admin`` at ``/api/v1/admin``. No route outside ``/api/v1`` but
    Flask's own ``/static``. Each keeps its name: ``url_for("books.get_book", …)`` works.
    """
    # Exercise 1.3: whoever comes first takes the root, and the rest share one prefix.
    app.register_blueprint(books, url_prefix="/api/v1/books")
    app.register_blueprint(authors, url_prefix="/api/v1/authors")
    app.register_blueprint(users, url_prefix="/users")
    app.register_blueprint(admin, url_prefix="/admin")
