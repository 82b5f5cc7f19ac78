"""The harness's errors as JSON, for a subject in another process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from checker.harness import fields
from checker.harness.errors import AuthorError, LoadError, Raised, Unreadable
from checker.harness.frames import FrameError
from checker.harness.ground import details


def error_to_json(error: BaseException) -> dict[str, Any]:
    """An error as a table; whatever is none of ours is the course's fault."""
    match error:
        case LoadError():
            return {
                "error": "load",
                "failure": asdict(error.failure),
                "environment": error.environment,
            }
        case Raised():
            return {
                "error": "raised",
                "type": error.type,
                "message": error.message,
                "where": asdict(error.where) if error.where else None,
                "blame": error.blame,
                "details": error.details,
            }
        case Unreadable():
            return {"error": "unreadable", "message": str(error)}
        case AuthorError():
            return {"error": "author", "message": str(error)}
        case _:
            return {"error": "author", "message": details(error)}


def error_from_json(table: dict[str, Any]) -> Exception:
    """The error that :func:`error_to_json` made the table of.

    :class:`~checker.harness.frames.FrameError` where the table is none of its making.
    """
    kind = table["error"]
    if kind == "load":
        fields.table(table, "error", "failure", "environment")
        return LoadError(fields.failure(table["failure"]), fields.flag(table["environment"]))
    if kind == "raised":
        fields.table(table, "error", "type", "message", "where", "blame", "details")
        return Raised(
            fields.text(table["type"], fields.NAME),
            fields.text(table["message"], fields.LINE),
            fields.location(table["where"]),
            fields.blame(table["blame"]),
            fields.text(table["details"], fields.TEXT),
        )
    fields.table(table, "error", "message")
    message = fields.text(table["message"], fields.TEXT)
    if kind == "unreadable":
        return Unreadable(message)
    if kind == "author":
        return AuthorError(message)
    raise FrameError("expected an error that there is")
