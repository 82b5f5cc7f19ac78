"""Every extension of the app, made once here and bound to an app in the factory."""

from typing import Protocol

from flask import Flask
from flask_marshmallow import Marshmallow

from app.store import Store


class Extension(Protocol):
    def init_app(self, app: Flask) -> None: ...


ma = Marshmallow()
store = Store()
ALL: tuple[Extension, ...] = (store, ma)


def init_extensions(app: Flask) -> None:
    """Bind every extension of this module to ``app``."""
    for extension in ALL:
        extension.init_app(app)
