"""A greeter."""

from flask import Flask

from app.greeting import greeting
from app.sums import add
from app.times import times


def create_app(config_name: str) -> Flask:
    app = Flask(__name__)
    app.get("/")(lambda: "it runs")
    app.get("/greet/<name>")(greeting)
    app.get("/add/<int:a>/<int:b>")(lambda a, b: str(add(a, b)))
    app.get("/times/<int:a>/<int:b>")(lambda a, b: str(times(a, b)))
    return app
