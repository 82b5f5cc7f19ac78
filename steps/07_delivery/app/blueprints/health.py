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

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.auth.errors import NotBuiltYet
from app.auth.guards import public
from app.limits import unlimited
from app.openapi.contracts import unlisted

health = Blueprint("health", __name__)


@health.get("/healthz")
@public
@unlimited
@unlisted("for whoever runs it")
def show_health() -> ResponseReturnValue:
    raise NotBuiltYet("7.6")


@health.get("/readiness")
@public
@unlimited
@unlisted("for whoever runs it")
def show_readiness() -> ResponseReturnValue:
    raise NotBuiltYet("7.6")
