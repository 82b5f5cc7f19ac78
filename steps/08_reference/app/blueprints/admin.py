"""What the people behind the desk look at. For admins only."""

from typing import Any

from flask import Blueprint, current_app

from app.auth.guards import requires
from app.openapi.contracts import answers
from app.schemas.loan import OverdueSchema
from app.schemas.stats import StatsSchema
from app.services import reports, stats

admin = Blueprint("admin", __name__)


@admin.get("/stats")
@requires("admin")
@answers(StatsSchema())
def show_stats() -> dict[str, Any]:
    """Count what there is, and what was asked."""
    return {**stats.count_rows(), "requests": current_app.extensions["request_count"]}


@admin.get("/overdue")
@requires("admin")
@answers(OverdueSchema())
def show_overdue() -> dict[str, Any]:
    """List everybody who has to be reminded."""
    return {"items": reports.overdue_report()}
