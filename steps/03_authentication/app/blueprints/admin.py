"""What the people behind the desk look at. For admins only."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from app.auth.guards import requires
from app.schemas.loan import ReminderSchema
from app.services import reports, stats

admin = Blueprint("admin", __name__)


@admin.get("/stats")
@requires("admin")
def show_stats() -> ResponseReturnValue:
    return {**stats.count_rows(), "requests": dict(current_app.extensions["request_count"])}


@admin.get("/overdue")
@requires("admin")
def show_overdue() -> ResponseReturnValue:
    return {"items": ReminderSchema().dump(reports.overdue_report(), many=True)}
