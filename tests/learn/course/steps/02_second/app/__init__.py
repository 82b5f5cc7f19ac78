"""The app's factory."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from app.counting import double
from app.greeting import greet
from app.sums import add


def create_app(name: str = "testing") -> Flask:
    app = Flask(__name__)

    @app.get("/greet/<name>")
    def greet_somebody(name: str) -> ResponseReturnValue:
        return greet(name)

    @app.get("/sum/<int:a>/<int:b>")
    def sum_of(a: int, b: int) -> ResponseReturnValue:
        return jsonify(add(a, b))

    @app.get("/double/<int:a>")
    def double_of(a: int) -> ResponseReturnValue:
        return jsonify(double(a))

    return app
