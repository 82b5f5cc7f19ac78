"""The harness's errors as JSON, for a subject in another process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from checker.harness.errors import AuthorError, LoadError, Raised, Unreadable
from checker.harness.failure import Failure
from checker.harness.ground import details
from checker.harness.messages import location


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
    """The error that :func:`error_to_json` made the table of."""
    kind = table["error"]
    if kind == "load":
        failure = {**table["failure"], "where": location(table["failure"]["where"])}
        return LoadError(Failure(**failure), bool(table["environment"]))
    if kind == "raised":
        where = location(table["where"])
        return Raised(table["type"], table["message"], where, table["blame"], table["details"])
    if kind == "unreadable":
        return Unreadable(table["message"])
    return AuthorError(table["message"])
