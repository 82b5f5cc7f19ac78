"""Problem details (RFC 9457): the same errors, for clients that speak the standard."""

from http import HTTPStatus

from flask import Flask, Response, json, request

JSON = "application/json"
PROBLEM = "application/problem+json"


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
    app.after_request(speak_the_standard)


def speak_the_standard(response: Response) -> Response:
    body = response.get_json(silent=True) if response.status_code >= 400 else None
    if not isinstance(body, dict) or not {"code", "message", "details"} <= body.keys():
        return response
    response.vary.add("Accept")
    if request.accept_mimetypes[PROBLEM] > request.accept_mimetypes[JSON]:
        message = body.pop("message")
        status = response.status_code
        title = HTTPStatus(status).phrase
        problem = {"type": "about:blank", "title": title, "status": status, "detail": message}
        response.set_data(json.dumps({**problem, **body}))
        response.content_type = PROBLEM
    return response
