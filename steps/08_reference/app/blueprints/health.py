"""Health: is the process alive, and may it be sent requests? Asked by whoever runs it, all day.

``GET /healthz``
    200, ``{"status": "ok"}``: the process answers. It asks nobody else, not even the database: a
    process that is killed because the database is down does not bring it back.
``GET /readiness``
    200, ``{"status": "ready"}``, where the database answers, and its tables are those that this
    code knows: the revision in ``alembic_version`` is the head of ``migrations/``. Asked anew each
    time. Else 503 in the envelope, code ``not_ready``, with one entry in ``details``: the field
    is ``database`` where that does not answer, or ``migrations`` where it has another revision,
    or none (also where there is no such table); then the reason names both revisions, ``none``
    for none. No answer says where the database is, or what it said.

Both are public, are never limited, are not in the document, and say ``Cache-Control: no-store``.
"""

from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from app.auth.guards import public
from app.errors import ApiError
from app.extensions import MIGRATIONS, db
from app.limits import unlimited
from app.openapi.contracts import unlisted

health = Blueprint("health", __name__)


class NotReady(ApiError):
    """No request should come here just now."""

    status = 503

    def __init__(self, field: str, reason: str) -> None:
        super().__init__("not_ready", reason, [{"field": field, "reason": reason}])


@health.get("/healthz")
@public
@unlimited
@unlisted("for whoever runs it")
def show_health() -> Response:
    return unkept("ok")


@health.get("/readiness")
@public
@unlimited
@unlisted("for whoever runs it")
def show_readiness() -> Response:
    try:
        with db.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        current_app.logger.warning("the database does not answer", exc_info=error)
        raise NotReady("database", "the database does not answer") from None
    if found != head():
        reason = f"the database is at {found or 'none'}, and this code needs {head()}"
        raise NotReady("migrations", reason)
    return unkept("ready")


def unkept(status: str) -> Response:
    response = jsonify(status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@cache
def head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
