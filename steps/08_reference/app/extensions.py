"""Every extension of the app, made once here and bound to an app in the factory.

Other modules import the objects from here: ``from app.extensions import db``.
"""

import json
from pathlib import Path
from typing import Any

from cachelib.serializers import BaseSerializer
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import JWTManager
from flask_marshmallow import Marshmallow
from flask_migrate import Migrate  # type: ignore[import-untyped]
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]

from app import sqlite
from app.database import Base, Session

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class JSONSerializer(BaseSerializer):
    """What is kept is JSON: reading a pickle runs whatever somebody wrote into Redis."""

    def dumps(self, value: Any, protocol: int = 0) -> bytes:
        return json.dumps(value).encode()

    def loads(self, bvalue: bytes | None) -> Any:
        return None if bvalue is None else json.loads(bvalue)


cache = Cache(config={"CACHE_SERIALIZER": JSONSerializer(), "CACHE_KEY_PREFIX": "library:"})
csrf = CSRFProtect()
db = SQLAlchemy(model_class=Base, session_options={"class_": Session})
jwt = JWTManager()
ma = Marshmallow()
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=True)


def init_extensions(app: Flask) -> None:
    """Bind every extension of this module to ``app``.

    Afterwards ``app.extensions`` has an entry for each, and what one app stores is
    not seen by another.
    """
    cache.init_app(app)
    db.init_app(app)
    csrf.init_app(app)
    ma.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        sqlite.prepare(db.engine)
