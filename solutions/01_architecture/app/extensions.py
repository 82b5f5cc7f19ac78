"""Every extension of the app, made once here and bound to an app in the factory.

Other modules import the objects from here: ``from app.extensions import store``.
"""

from flask import Flask
from flask_marshmallow import Marshmallow

from app.store import Store

ma = Marshmallow()
store = Store()


def init_extensions(app: Flask) -> None:
    """Bind every extension of this module to ``app``.

    Afterwards ``app.extensions`` has an entry for each, and what one app stores is
    not seen by another.
    """
    ma.init_app(app)
    store.init_app(app)
