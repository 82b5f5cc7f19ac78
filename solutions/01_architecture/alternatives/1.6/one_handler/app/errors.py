"""Errors: raised anywhere, answered here, always in one envelope."""

import logging
import string
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, json
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, InternalServerError

Details = list[dict[str, Any]]


class ApiError(Exception):
    """An error that the client is told about. Raise one of the classes below."""

    status = 500
    headers: Mapping[str, str] = {}

    def __init__(self, code: str, message: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details or []


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
        super().__init__(
            "validation_failed", f"{field} {reason}", [{"field": field, "reason": reason}]
        )


def register_error_handlers(app: Flask) -> None:
    """Answer every error as JSON, from one handler for all of them."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    match error:
        case ApiError():
            response = Response(status=error.status, headers=dict(error.headers))
            return wrap(response, error.code, error.message, error.details)
        case ValidationError():
            details = flat(error.messages_dict)
            return wrap(Response(status=422), "validation_failed", "the body is not valid", details)
        case HTTPException():
            original = Response(headers=list(error.get_headers()), status=error.code)
            words = error.name.lower().split()
            code = "_".join(word.strip(string.punctuation).replace("'", "") for word in words)
            return wrap(original, code, error.description or error.name, [])
    logging.getLogger("app.errors").exception("a view failed")
    return answer(InternalServerError())


def wrap(response: Response, code: str, message: str, details: Details) -> Response:
    response.set_data(json.dumps({"code": code, "message": message, "details": details}))
    response.headers["Content-Type"] = "application/json"
    return response


def flat(messages: Any) -> Details:
    """A walk with a stack instead of a recursion."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), messages)]
    details: Details = []
    while stack:
        path, part = stack.pop()
        if isinstance(part, Mapping):
            stack.extend(((*path, str(key)), value) for key, value in part.items())
        else:
            details.extend({"field": ".".join(path), "reason": str(reason)} for reason in part)
    return details
