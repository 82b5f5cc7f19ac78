"""The views of the tiny app."""

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue


def register_views(app: Flask) -> None:
    app.add_url_rule("/books", view_func=list_books)
    app.add_url_rule("/books", view_func=create_book, methods=["POST"])
    app.after_request(mark)


def list_books() -> ResponseReturnValue:
    return {"items": current_app.extensions["seen"]}


def create_book() -> ResponseReturnValue:
    title = request.get_json()["title"]
    current_app.extensions["seen"].append(title)
    return {"title": title}, 201


def mark(response: Response) -> Response:
    response.headers["X-Marked"] = "yes"
    return response
