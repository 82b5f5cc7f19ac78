"""What the app has measured, for a Prometheus. The proxy lets nobody else see it."""

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.auth.guards import public
from app.limits import unlimited
from app.openapi.contracts import unlisted

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
@public
@unlimited
@unlisted("numbers for the monitoring")
def show_metrics() -> Response:
    measured = generate_latest(current_app.extensions["metrics"])
    return Response(measured, content_type=CONTENT_TYPE_LATEST)
