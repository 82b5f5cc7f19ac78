"""What happens around every request, whichever view answers it."""

from collections import Counter
from time import perf_counter

from flask import Flask, Response, current_app, g, request

from app.auth.guards import check_access
from app.limits import init_limits


def register_hooks(app: Flask) -> None:
    """Attach the hooks that every request passes through.

    Before the view
        Start a clock. Count the request, also one that is refused below, in
        ``app.extensions["request_count"]``, a ``Counter`` keyed by endpoint
        (``"unmatched"`` where no route matched). Each app counts for itself.
        Count it for the caller, who may have asked too often: ``init_limits``.
        Ask ``check_access`` whether the caller may have what the view gives.
    After the view, on every answer, errors included
        ``X-Response-Time``: elapsed milliseconds, a plain number.
        ``Cache-Control: no-store`` on an error and on every method but GET and HEAD,
        unless the view chose its own.
    When the context ends, also after a crash, also without a request
        Call ``g.audit_trail.close()`` if anything put an audit trail there.
    """
    app.extensions["request_count"] = Counter()
    app.before_request(start_clock)
    app.before_request(count_request)
    init_limits(app)  # before access is checked: guesses at credentials count, too
    app.before_request(check_access)
    app.after_request(add_headers)
    app.teardown_appcontext(close_audit_trail)


def start_clock() -> None:
    g.started = perf_counter()


def count_request() -> None:
    current_app.extensions["request_count"][request.endpoint or "unmatched"] += 1


def add_headers(response: Response) -> Response:
    now = perf_counter()
    elapsed = (now - g.get("started", now)) * 1000  # a preflight may be answered before the clock
    response.headers["X-Response-Time"] = f"{elapsed:.3f}"
    cacheable = request.method in {"GET", "HEAD"} and response.status_code < 400
    if not cacheable:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def close_audit_trail(error: BaseException | None) -> None:
    trail = g.pop("audit_trail", None)
    if trail is not None:
        trail.close()
