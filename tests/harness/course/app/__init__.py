"""A tiny app for the harness's own tests: a list of books and a hook."""

from flask import Flask

from app.hooks import register_hooks
from app.views import register_views


def create_app() -> Flask:
    app = Flask(__name__)
    app.extensions["books"] = []
    register_views(app)
    register_hooks(app)
    return app
