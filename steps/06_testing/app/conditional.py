"""Conditions: what a client has seen, and whether it is still so (RFC 9110, 13)."""

from flask import Flask, Response, request
from werkzeug.http import quote_etag

from app.errors import ApiError


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
    app.after_request(spare_the_body)


def tag(response: Response, version: int) -> None:
    """Give ``response`` the strong ``ETag`` of a row in this ``version``: ``"7"`` for 7."""
    response.set_etag(str(version))


def check_version(version: int, needed: bool) -> None:
    """Raise where the client has seen another version than ``version``, which is there.

    ``If-Match`` says what it has seen: the tag of a version, several, or ``*`` for any. They
    are compared strongly: a weak tag matches nothing. Where none matches:
    ``PreconditionFailed``. Where the header is missing, or empty, and it is ``needed``:
    ``PreconditionRequired``.
    """
    if request.if_match:
        if str(version) not in request.if_match:
            raise PreconditionFailed(f"its ETag is {quote_etag(str(version))} now: read it again")
    elif needed:
        raise PreconditionRequired("say what you have read: its ETag, as If-Match")


def spare_the_body(response: Response) -> Response:
    if request.method in {"GET", "HEAD"} and response.status_code == 200:
        tags = request.if_none_match
        current, _ = response.get_etag()
        if current is not None and (tags.star_tag or tags.contains_weak(current)):
            response.status_code = 304
            response.set_data(b"")
    return response
