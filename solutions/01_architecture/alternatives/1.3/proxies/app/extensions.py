"""Every extension of the app, made once here and bound to an app in the factory."""

import flask_marshmallow
from flask import Flask

from app import store as tables

store = tables.Store()
ma = flask_marshmallow.Marshmallow()


def init_extensions(app: Flask) -> None:
    """Bind every extension of this module to ``app``."""
    store.init_app(app)
    ma.init_app(app)
