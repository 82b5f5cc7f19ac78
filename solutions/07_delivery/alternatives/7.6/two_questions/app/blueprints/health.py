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

from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, make_response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.auth.guards import public
from app.errors import envelope
from app.extensions import MIGRATIONS, db
from app.limits import unlimited
from app.openapi.contracts import unlisted

health = Blueprint("health", __name__)


REVISIONS = text("SELECT version_num FROM alembic_version")
HEADS = set(ScriptDirectory(str(MIGRATIONS)).get_heads())


@health.get("/healthz")
@public
@unlimited
@unlisted("for whoever runs it")
def show_health() -> Response:
    return make_response({"status": "ok"}, 200, {"Cache-Control": "no-store"})


@health.get("/readiness")
@public
@unlimited
@unlisted("for whoever runs it")
def show_readiness() -> Response:
    wrong = list(what_is_wrong())
    if wrong:
        response = envelope("not_ready", wrong[0]["reason"], wrong)
        response.status_code = 503
        return response
    return make_response({"status": "ready"}, 200, {"Cache-Control": "no-store"})


def what_is_wrong() -> list[dict[str, Any]]:
    try:
        db.session.execute(text("SELECT 1"))
    except DBAPIError:
        return [{"field": "database", "reason": "it does not answer"}]
    finally:
        db.session.rollback()
    try:
        found = set(db.session.scalars(REVISIONS))
    except (DBAPIError, ProgrammingError):  # there is no such table
        found = set()
    finally:
        db.session.rollback()
    if found == HEADS:
        return []
    names = [", ".join(sorted(one)) or "none" for one in (found, HEADS)]
    return [{"field": "migrations", "reason": "found {}, needed {}".format(*names)}]
