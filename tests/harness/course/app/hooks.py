"""A hook of the tiny app."""

from flask import Flask, Response


def register_hooks(app: Flask) -> None:
    app.after_request(mark)


def mark(response: Response) -> Response:
    response.headers["X-Marked"] = "yes"
    return response
