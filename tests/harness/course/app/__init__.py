"""A tiny app for the harness's own tests: three endpoints and a counter."""

from flask import Flask

from app.views import register_views


def create_app() -> Flask:
    app = Flask(__name__)
    app.extensions["seen"] = []
    register_views(app)
    return app
