"""Metrics: how many requests, how long they take, how many fail."""

import time

from flask import Flask, Response, current_app, g, request
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
    registry = CollectorRegistry()
    labels = ["method", "endpoint"]
    app.extensions["metrics"] = registry
    app.extensions["request_counter"] = Counter(
        "http_requests", "Requests answered.", [*labels, "status"], registry=registry
    )
    app.extensions["request_timer"] = Histogram(
        "http_request_duration_seconds", "Until the answer was there.", labels, registry=registry
    )
    app.before_request(start_timer)
    app.after_request(measure)


def start_timer() -> None:
    g.timer = time.perf_counter()


def measure(response: Response) -> Response:
    method = request.method if request.method in METHODS else "other"
    endpoint = request.url_rule.rule if request.url_rule is not None else "unmatched"
    counter: Counter = current_app.extensions["request_counter"]
    timer: Histogram = current_app.extensions["request_timer"]
    counter.labels(method, endpoint, str(response.status_code)).inc()
    timer.labels(method, endpoint).observe(time.perf_counter() - g.timer)
    return response
