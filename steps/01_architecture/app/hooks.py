"""What happens around every request, whichever view answers it."""

from flask import Flask


def register_hooks(app: Flask) -> None:
    """Attach the hooks that every request passes through.

    Before the view
        Start a clock. Count the request, also one that is refused below, in
        ``app.extensions["request_count"]``, a ``Counter`` keyed by endpoint
        (``"unmatched"`` where no route matched). Each app counts for itself.
        Guard the ``admin`` blueprint: raise ``Unauthorized`` unless the header
        ``X-Admin-Key`` equals ``ADMIN_KEY`` of the config as it is at that moment. No key
        set, nobody enters.
    After the view, on every answer, errors included
        ``X-Response-Time``: elapsed milliseconds, a plain number.
        ``Cache-Control: no-store`` on an error and on every method but GET and HEAD,
        unless the view chose its own.
    When the context ends, also after a crash, also without a request
        Call ``g.audit_trail.close()`` if anything put an audit trail there.
    """
    app.extensions["request_count"] = {}  # exercise 1.4 starts here
