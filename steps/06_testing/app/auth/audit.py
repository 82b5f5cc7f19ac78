"""The audit log: who was refused what, and never with which secret."""

import json
import logging
from datetime import UTC, datetime

from flask import Flask, Response, g, request

LOGGER = logging.getLogger("app.audit")
REFUSED = {401, 403, 429}


def init_audit(app: Flask) -> None:
    """Have every answer of ``app`` with the status 401, 403 or 429 leave a ``record``.

    The event is ``request_refused``, the facts ``status``, ``code`` (of the envelope, or
    ``null``), ``method``, ``endpoint`` (``null`` without one), ``address`` (the remote one)
    and ``subject`` (of the principal, or ``null`` where nobody was recognised). No header, no
    query, no body, no address of a page: any of them may hold a secret. Authlib, which writes
    tokens into its debug log, is told to keep silent below ``INFO``.
    """
    logging.getLogger("authlib").setLevel(logging.INFO)
    app.after_request(note_refusal)


def record(event: str, **facts: object) -> None:
    """Write one line to the logger ``app.audit``, level ``WARNING``: a JSON object.

    It has ``event``, ``at`` (UTC, ISO 8601) and the ``facts``. Whatever a fact contains, it
    stays one line: nobody forges a second one by way of a line break.
    """
    entry = {"event": event, "at": datetime.now(UTC).isoformat(), **facts}
    LOGGER.warning("%s", json.dumps(entry))


def note_refusal(response: Response) -> Response:
    if response.status_code in REFUSED:
        principal = g.get("principal")
        body = response.get_json(silent=True)
        record(
            "request_refused",
            status=response.status_code,
            code=body.get("code") if isinstance(body, dict) else None,
            method=request.method,
            endpoint=request.endpoint,
            address=request.remote_addr,
            subject=principal.subject if principal else None,
        )
    return response
