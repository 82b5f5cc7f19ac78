"""Conditions: what a client has seen, and whether it is still so (RFC 9110, 13)."""

from flask import Flask, Response, request
from werkzeug.http import parse_etags, unquote_etag

from app.errors import ApiError

KEPT = ("ETag", "Cache-Control", "Link", "Vary")


class PreconditionFailed(ApiError):
    """What the client has seen is not there any more."""

    status = 412

    def __init__(self, message: str) -> None:
        super().__init__("precondition_failed", message)


class PreconditionRequired(ApiError):
    """The client has to say what it has seen."""

    status = 428

    def __init__(self, message: str) -> None:
        super().__init__("precondition_required", message)


def init_conditions(app: Flask) -> None:
    """Answer a GET or HEAD of ``app`` with 304 where the client has what it asks for.

    Where a 200 has an ``ETag`` and ``If-None-Match`` names it, weakly compared, or is ``*``:
    304, no body, the same ``ETag``, ``Cache-Control``, ``Link`` and ``Vary``. It concerns GET and
    HEAD alone, and an answer without an ``ETag`` goes out as it is.
    """
    app.after_request(without_what_is_there)


def tag(response: Response, version: int) -> None:
    """Give ``response`` the strong ``ETag`` of a row in this ``version``: ``"7"`` for 7."""
    response.set_etag(f"{version}", weak=False)


def check_version(version: int, needed: bool) -> None:
    """Raise where the client has seen another version than ``version``, which is there.

    ``If-Match`` says what it has seen: the tag of a version, several, or ``*`` for any. They
    are compared strongly: a weak tag matches nothing. Where none matches:
    ``PreconditionFailed``. Where the header is missing, or empty, and it is ``needed``:
    ``PreconditionRequired``.
    """
    sent = request.headers.get("If-Match", "")
    if not sent and needed:
        raise PreconditionRequired("nobody replaces blindly: If-Match says what you have read")
    if sent and not parse_etags(sent).contains(f"{version}"):
        raise PreconditionFailed(f"this is version {version} by now, and not what you have read")


def without_what_is_there(response: Response) -> Response:
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    tag, _ = unquote_etag(response.headers.get("ETag"))
    if tag is None or not request.if_none_match.contains_weak(tag):
        return response
    short = Response(status=304)
    for name in KEPT:
        if name in response.headers:
            short.headers[name] = response.headers[name]
    return short
