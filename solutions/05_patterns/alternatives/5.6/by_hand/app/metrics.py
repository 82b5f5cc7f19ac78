"""Metrics: how many requests, how long they take, how many fail."""

from time import monotonic

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def init_metrics(app: Flask) -> None:
    """Measure every request of ``app``, errors, refusals and crashes too.

    In a registry of this app alone, ``app.extensions["metrics"]``, a ``CollectorRegistry``:

    ``http_requests_total``
        A counter with the labels ``method``, ``endpoint`` and ``status``.
    ``http_request_duration_seconds``
        A histogram with the labels ``method`` and ``endpoint``, of seconds.

    ``endpoint`` is the rule that matched, such as ``/api/v1/books/<int:book_id>``, never the
    path, or ``unmatched``. ``method`` is one of ``METHODS``, or ``other``; ``status`` is the
    number, as text. So a stranger cannot make up series: there are as many as the app has
    routes.
    """
    registry = app.extensions["metrics"] = CollectorRegistry()
    answered = Counter(
        "http_requests_total", "Answers.", ("method", "endpoint", "status"), registry=registry
    )
    seconds = Histogram(
        "http_request_duration_seconds", "Time.", ("method", "endpoint"), registry=registry
    )

    @app.before_request
    def begin() -> None:
        g.timer_began = monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        labels = {
            "method": request.method if request.method in METHODS else "other",
            "endpoint": request.url_rule.rule if request.url_rule else "unmatched",
        }
        answered.labels(status=response.status_code, **labels).inc()
        seconds.labels(**labels).observe(monotonic() - g.timer_began)
        return response
