"""Logs: one JSON object on each line, and in each the request that it belongs to."""

import json
import logging
import sys
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TextIO

from flask import Flask, Response, g, has_request_context, request

from app.tracing import current_trace_id


class JSONLines(logging.Formatter):
    """A record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, Any] = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "at": at.isoformat(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if has_request_context():
            entry["request_id"] = g.get("request_id")
            entry["trace_id"] = current_trace_id()
        if record.name == "app.audit":
            entry.update(json.loads(record.getMessage()))
        entry.update(getattr(record, "request_facts", {}))
        return json.dumps(entry, default=str)


class StandardOutput(logging.StreamHandler[TextIO]):
    """Its own class, so that the one of an earlier app can be told from others."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(JSONLines())


def init_logs(app: Flask) -> None:
    """Have everything that is logged come out as JSON, and every request of ``app`` log a line.

    Every line, whoever logs it (``app.logger``, the audit log, a library)
        is written to standard output from ``LOG_LEVEL`` of the config on: one JSON object
        with ``event`` (the message), ``level`` (``info``), ``logger`` (its name) and ``at``
        (UTC, ISO 8601), with ``exception``, the traceback, if there is one, on the same line.
        While a request is answered also ``request_id``, and ``trace_id`` where it is traced,
        32 hexadecimal digits. Each line is written once, however many apps the process has made,
        and what others have put on the root logger stays there.
    A line of the audit log (``app.audit``)
        is JSON already: its facts, ``event`` among them, stand in the line itself.
    Each request, errors, refusals and crashes too
        logs one line more when its answer is there, ``event`` ``request``, level ``info``:
        ``method``, ``endpoint`` (the rule that matched, such as
        ``/api/v1/books/<int:book_id>``, or ``null``), ``status`` and ``duration_ms``, both
        numbers.

    No header, no query, no body and no path is in any line of ours: any may hold a secret.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, StandardOutput):
            root.removeHandler(handler)
    root.addHandler(StandardOutput())
    root.setLevel(app.config["LOG_LEVEL"])

    @app.before_request
    def begin() -> None:
        g.began = monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        rule = request.url_rule
        facts = {
            "method": request.method,
            "endpoint": None if rule is None else rule.rule,
            "status": response.status_code,
            "duration_ms": 1000 * (monotonic() - g.began),
        }
        logging.getLogger("requests").info("request", extra={"request_facts": facts})
        return response
