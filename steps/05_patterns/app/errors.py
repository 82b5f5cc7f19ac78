"""Errors: raised anywhere, answered here, always in one envelope."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException

UNDEFINED_TABLE = "42P01"  # PostgreSQL, Appendix A


class ApiError(Exception):
    """An error that the client is told about. Raise one of the classes below.

    ``status`` is the HTTP status. ``code`` is a stable word in snake_case for programs,
    ``message`` a sentence for people. ``details`` is a list of
    ``{"field": …, "reason": …}``, empty where no field is to blame; for what does not fit a
    schema each also says what is ``allowed``, and a ``hint``: see ``app/hints.py``.
    ``headers`` go out with the answer.
    """

    status = 500
    headers: Mapping[str, str] = {}

    def __init__(
        self, code: str, message: str, details: list[dict[str, Any]] | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.details = details or []
        super().__init__(message)


class Unauthorized(ApiError):
    """We do not know who is asking. The header that goes with it: RFC 9110, 11.6.1."""

    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "ApiKey"}

    def __init__(self, message: str) -> None:
        super().__init__("unauthorized", message)


class NotFound(ApiError):
    """There is no such thing."""

    status = 404

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)


class Conflict(ApiError):
    """The request is fine, the state of the library forbids it."""

    status = 409


class Unprocessable(ApiError):
    """The body can be read, and one field of it cannot be accepted."""

    status = 422

    def __init__(self, field: str, reason: str) -> None:
        details = [{"field": field, "reason": reason}]
        super().__init__("validation_failed", f"{field}: {reason}", details)


class Invalid(ApiError):
    """What came in does not fit its schema: ``details`` say what."""

    status = 422

    def __init__(self, details: list[dict[str, Any]]) -> None:
        super().__init__("validation_failed", please_correct(details), details)


def register_error_handlers(app: Flask) -> None:
    """Answer every error as JSON: ``{"code": …, "message": …, "details": […]}``.

    ``ApiError``
        Its own status, headers, code, message and details.
    marshmallow's ``ValidationError``
        422, code ``validation_failed``; one entry of ``details`` for each field and reason,
        ``field`` being a path such as ``author_ids.1`` (``_schema``, as marshmallow calls
        it, where the body as a whole is wrong).
    any error of HTTP itself (``abort``, no route, wrong method, body that is not JSON, …)
        Its own status and headers (a 405 keeps ``Allow``, a 429 ``Retry-After``); the code
        is the name of the status in snake_case: ``method_not_allowed``.
    SQLAlchemy's ``OperationalError``
        503, code ``database_unavailable``: the database does not answer, or has no tables
        yet, which PostgreSQL says by a ``ProgrammingError``. The log holds the traceback.
    SQLAlchemy's ``DataError``
        400, code ``bad_request``: something was sent that no column can hold, such as the
        character NUL in PostgreSQL. The log holds the traceback.
    anything else
        500, code ``internal_server_error``. The client learns nothing of the cause; the log
        holds the traceback.

    ``message`` is never empty; ``details`` is ``[]`` where there is nothing to add.
    """
    app.register_error_handler(ApiError, answer_api_error)
    app.register_error_handler(ValidationError, answer_validation_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(OperationalError, answer_operational_error)
    app.register_error_handler(ProgrammingError, answer_programming_error)
    app.register_error_handler(DataError, answer_data_error)


def envelope(code: str, message: str, details: list[dict[str, Any]]) -> Response:
    return jsonify(code=code, message=message, details=details)


def answer_api_error(error: ApiError) -> ResponseReturnValue:
    return envelope(error.code, error.message, error.details), error.status, dict(error.headers)


def answer_validation_error(error: ValidationError) -> ResponseReturnValue:
    return answer_api_error(Invalid(list(flatten(error.messages))))


def please_correct(details: list[dict[str, Any]]) -> str:
    return "please correct: " + ", ".join(dict.fromkeys(detail["field"] for detail in details))


def flatten(messages: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """Marshmallow's nested messages, as one entry for each field and reason."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from flatten(inner, f"{path}.{key}" if path else str(key))
    else:
        for reason in messages:
            yield {"field": path, "reason": reason}


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """Flask hands a crash to this one too, as an ``InternalServerError``, after logging it."""
    response = error.get_response()
    code = re.sub("[^a-z]+", "_", error.name.lower())
    response.data = envelope(code, error.description or error.name, []).data
    response.content_type = "application/json"
    return response


def answer_operational_error(error: OperationalError | ProgrammingError) -> ResponseReturnValue:
    current_app.logger.error("the database failed", exc_info=error)
    message = "the database does not answer, or was not set up: flask db upgrade sets it up"
    return envelope("database_unavailable", message, []), 503


def answer_programming_error(error: ProgrammingError) -> ResponseReturnValue:
    if getattr(error.orig, "sqlstate", None) != UNDEFINED_TABLE:
        raise error  # ours to mend: 500
    return answer_operational_error(error)


def answer_data_error(error: DataError) -> ResponseReturnValue:
    current_app.logger.warning("a value does not fit the database", exc_info=error)
    return envelope("bad_request", "a value in the request cannot be stored", []), 400
