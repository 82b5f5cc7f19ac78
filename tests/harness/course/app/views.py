"""The views of the tiny app."""

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue


def register_views(app: Flask) -> None:
    app.add_url_rule("/books", view_func=list_books)
    app.add_url_rule("/books", view_func=create_book, methods=["POST"])


def list_books() -> ResponseReturnValue:
    return {"items": current_app.extensions["books"]}


def create_book() -> ResponseReturnValue:
    title = request.get_json()["title"]
    current_app.extensions["books"].append(title)
    return {"title": title}, 201
