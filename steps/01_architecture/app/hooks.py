"""What happens around every request, whichever view answers it."""

from flask import Flask


def register_hooks(app: Flask) -> None:
    """Attach the hooks that every request passes through.

    Before the view
        Start a clock. Count the request in ``app.extensions["request_count"]``, a
        ``Counter`` keyed by endpoint (``"unmatched"`` where no route matched).
        Guard the ``admin`` blueprint: raise ``Unauthorized`` unless the header
        ``X-Admin-Key`` equals ``ADMIN_KEY`` of the config. No key set, nobody enters.
    After the view, on every answer, errors included
        ``X-Response-Time``: elapsed milliseconds, a plain number.
        ``Cache-Control: no-store`` on an error and on every method but GET and HEAD,
        unless the view chose its own.
    When the context ends, also after a crash, also without a request
        Close ``g.audit_trail`` if anything opened it.
    """
    app.extensions["request_count"] = {}  # exercise 1.4 starts here
