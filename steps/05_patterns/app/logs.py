"""Logs: one JSON object on each line, and in each the request that it belongs to."""

from flask import Flask


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
    # exercise 5.6 starts here
