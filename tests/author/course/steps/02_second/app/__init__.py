"""A greeter."""

from flask import Flask

from app.greeting import greeting
from app.sums import add
from app.times import times


def create_app(config_name: str) -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return "it runs"

    @app.get("/greet/<name>")
    def greet(name: str) -> str:
        return greeting(name)

    @app.get("/add/<int:a>/<int:b>")
    def show_sum(a: int, b: int) -> str:
        return str(add(a, b))

    @app.get("/times/<int:a>/<int:b>")
    def show_product(a: int, b: int) -> str:
        return str(times(a, b))

    return app
