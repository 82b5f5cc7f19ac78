"""Says back what it is told."""

from flask import Flask, request
from flask.typing import ResponseReturnValue


def create_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/<door>", view_func=behind)
    return app


def behind(door: str) -> ResponseReturnValue:
    return {"word": request.args["word"]}
