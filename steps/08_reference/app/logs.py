"""Logs: one JSON object on each line, and in each the request that it belongs to."""

import json
import logging
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request
from structlog.typing import EventDict, WrappedLogger

from app.tracing import current_trace_id

ACCESS = logging.getLogger("app.access")
AUDIT = "app.audit"
OURS = "library"
"""The name of our handler, among those of the root logger."""
FACTS = ("method", "endpoint", "status", "duration_ms")


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
    handler = logging.StreamHandler(sys.stdout)
    handler.name = OURS
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.stdlib.ExtraAdder(allow=FACTS),
                add_request,
                add_audit,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    for other in [one for one in root.handlers if one.name == OURS]:  # of an app made before
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(app.config["LOG_LEVEL"])
    app.before_request(start_clock)
    app.after_request(log_request)


def add_request(logger: WrappedLogger, name: str, entry: EventDict) -> EventDict:
    if has_request_context():
        entry["request_id"] = g.get("request_id")
        trace_id = current_trace_id()
        if trace_id is not None:
            entry["trace_id"] = trace_id
    return entry


def add_audit(logger: WrappedLogger, name: str, entry: EventDict) -> EventDict:
    """A line of the audit log is JSON already: its facts are facts here, too."""
    return {**entry, **json.loads(entry["event"])} if entry["logger"] == AUDIT else entry


def start_clock() -> None:
    g.clock = time.perf_counter()


def log_request(response: Response) -> Response:
    facts: dict[str, Any] = {
        "method": request.method,
        "endpoint": request.url_rule.rule if request.url_rule is not None else None,
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - g.clock) * 1000, 3),
    }
    ACCESS.info("request", extra=facts)
    return response
