"""Metrics: how many requests, how long they take, how many fail."""

import time

from flask import Flask, Response, g, request, request_finished, request_started
from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Meter:
    """What one app has measured."""

    def __init__(self, registry: CollectorRegistry) -> None:
        names = ("method", "endpoint")
        self.requests = Counter("http_requests", "So many.", (*names, "status"), registry=registry)
        self.seconds = Histogram(
            "http_request_duration_seconds", "So long.", names, registry=registry
        )

    def begin(self, app: Flask, **_: object) -> None:
        g.meter_began = time.monotonic_ns()

    def end(self, app: Flask, response: Response, **_: object) -> None:
        method = request.method if request.method in METHODS else "other"
        rule = "unmatched" if request.url_rule is None else str(request.url_rule)
        self.requests.labels(method, rule, response.status_code).inc()
        self.seconds.labels(method, rule).observe((time.monotonic_ns() - g.meter_began) / 1e9)


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
    registry = CollectorRegistry(auto_describe=True)
    app.extensions["metrics"] = registry
    meter = app.extensions["meter"] = Meter(registry)  # kept: signals hold it weakly
    request_started.connect(meter.begin, app)
    request_finished.connect(meter.end, app)
