"""Logs: one JSON object on each line, and in each the request that it belongs to."""

import json
import logging
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request, request_tearing_down
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from app.tracing import current_trace_id


class LogOfTheApp(logging.StreamHandler[Any]):
    """What is written to standard output."""


def add_names(logger: WrappedLogger, name: str, entry: EventDict) -> EventDict:
    record: logging.LogRecord = entry["_record"]
    facts = getattr(record, "facts", None)
    if record.name == "app.audit":
        facts = json.loads(entry["event"])
    names = {"level": record.levelname.lower(), "logger": record.name}
    return {**entry, **names, **(facts or {})}


def add_trace(logger: WrappedLogger, name: str, entry: EventDict) -> EventDict:
    trace_id = current_trace_id()
    return entry if trace_id is None else {**entry, "trace_id": trace_id}


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
    handler = LogOfTheApp(sys.stdout)
    handler.setLevel(app.config["LOG_LEVEL"])
    processors: list[Processor] = [
        merge_contextvars,
        add_names,
        add_trace,
        structlog.processors.TimeStamper(fmt="iso", key="at"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=processors))
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, LogOfTheApp)]
    root.addHandler(handler)
    root.setLevel(app.config["LOG_LEVEL"])
    app.before_request(name_the_lines)
    app.after_request(log_the_answer)
    request_tearing_down.connect(forget_the_name, app)


def name_the_lines() -> None:
    g.at_first = time.perf_counter_ns()
    bind_contextvars(request_id=g.get("request_id") or request.headers.get("X-Request-ID"))


def log_the_answer(response: Response) -> Response:
    facts: dict[str, object] = {"method": request.method, "status": response.status_code}
    facts["endpoint"] = request.url_rule.rule if request.url_rule else None
    facts["duration_ms"] = (time.perf_counter_ns() - g.at_first) / 1e6
    logging.getLogger("app.requests").info("request", extra={"facts": facts})
    return response


def forget_the_name(*_: object, **__: object) -> None:
    clear_contextvars()
