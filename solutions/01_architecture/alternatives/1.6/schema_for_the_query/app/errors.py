"""Errors: raised anywhere, answered here, always in one envelope."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, make_response
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, default_exceptions


class ApiError(Exception):
    """An error that the client is told about. Raise one of the classes below."""

    status = 500
    headers: Mapping[str, str] = {}

    def __init__(
        self, code: str, message: str, details: list[dict[str, Any]] | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.details = details if details is not None else []
        super().__init__(message)

    def answer(self) -> ResponseReturnValue:
        body = {"code": self.code, "message": self.message, "details": self.details}
        return body, self.status, [*self.headers.items()]


class Unauthorized(ApiError):
    """We do not know who is asking."""

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
        message = f"{field}: {reason}"
        super().__init__("validation_failed", message, [{"field": field, "reason": reason}])


def register_error_handlers(app: Flask) -> None:
    """Answer every error as JSON: one registration for each status, and two for our classes."""
    for status in default_exceptions:
        app.register_error_handler(status, answer_status)
    app.errorhandler(ApiError)(ApiError.answer)

    @app.errorhandler(ValidationError)
    def answer_invalid(error: ValidationError) -> ResponseReturnValue:
        invalid = ApiError("validation_failed", "some fields need another value")
        invalid.status = HTTPStatus.UNPROCESSABLE_ENTITY
        invalid.details = [
            {"field": field, "reason": reason} for field, reason in leaves(error.messages)
        ]
        return invalid.answer()


def answer_status(error: HTTPException) -> ResponseReturnValue:
    status = HTTPStatus(error.code or 500)
    response = make_response(
        {"code": status.name.lower(), "message": f"{status.phrase}.", "details": []}, status
    )
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers.add(name, value)
    return response


def leaves(messages: Any) -> list[tuple[str, str]]:
    if isinstance(messages, list):
        return [("", str(reason)) for reason in messages]
    found = []
    for key, inner in messages.items():
        found += [(f"{key}.{field}".strip("."), reason) for field, reason in leaves(inner)]
    return found
