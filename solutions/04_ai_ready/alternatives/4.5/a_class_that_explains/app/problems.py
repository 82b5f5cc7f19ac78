"""Problem details (RFC 9457): the same errors, for clients that speak the standard."""

from flask import Flask, Response, request
from werkzeug.http import HTTP_STATUS_CODES


def register_problems(app: Flask) -> None:
    """Answer errors as problem details to whoever prefers them.

    An answer of 400 or more whose body is our envelope becomes
    ``application/problem+json`` where ``Accept`` gives that a higher quality than
    ``application/json`` (RFC 9110, 12.5.1: ``*/*`` speaks for both, unless one is named
    beside it). Equal is not higher: JSON, as before, also without ``Accept``. Its members:
    ``type`` (``about:blank``), ``title`` (the name of the status), ``status``, ``detail``
    (the message), ``code`` and ``details``, which stay, as does what a protocol's own library
    adds to the envelope. Status and headers stay as they are.

    Every error in our envelope says ``Vary: Accept``, in either form: a cache must know.
    """

    @app.after_request
    def translate(response: Response) -> Response:
        if response.status_code < 400 or response.mimetype != "application/json":
            return response
        envelope = response.get_json(silent=True)
        if not isinstance(envelope, dict) or any(
            key not in envelope for key in ("code", "message", "details")
        ):
            return response
        response.headers.add("Vary", "Accept")
        accepted = request.accept_mimetypes
        plain = accepted.quality("application/json")
        if accepted.quality("application/problem+json") <= plain:
            return response
        members = {key: value for key, value in envelope.items() if key != "message"}
        members["type"] = "about:blank"
        members["title"] = HTTP_STATUS_CODES[response.status_code]
        members["status"] = response.status_code
        members["detail"] = envelope["message"]
        response.data = app.json.dumps(members).encode()
        response.mimetype = "application/problem+json"
        return response
