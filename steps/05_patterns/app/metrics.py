"""Metrics: how many requests, how long they take, how many fail."""

from flask import Flask
from prometheus_client import CollectorRegistry

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
    app.extensions["metrics"] = CollectorRegistry()  # exercise 5.6 starts here
