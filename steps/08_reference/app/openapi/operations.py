"""Operations: what one view takes and gives, as the document says it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from werkzeug.routing import Rule

from app.openapi.contracts import Contract, contract_of
from app.openapi.refusals import UNKNOWN_CALLER, refusals_of
from app.openapi.shapes import Shapes

JSON, FORM, PROBLEM = (
    "application/json",
    "application/x-www-form-urlencoded",
    "application/problem+json",
)

DETAIL = {
    "type": "object",
    "description": "One thing that is wrong.",
    "properties": {
        "field": {"type": "string", "description": "Its path: author_ids.1."},
        "reason": {"type": "string", "description": "What is wrong, for people."},
        "allowed": {
            "type": ["array", "null"],
            "description": "What to choose from, where there is a choice.",
        },
        "hint": {
            "type": ["object", "null"],
            "description": "An operation of a JSON Patch (RFC 6902) that makes it right.",
            "properties": {
                "op": {"enum": ["add", "remove", "replace"], "description": "What to do."},
                "path": {"type": "string", "description": "Where, as a JSON Pointer."},
                "value": {"description": "What to put there."},
            },
            "required": ["op", "path"],
        },
    },
    "required": ["field", "reason"],
}
CODE = {"type": "string", "description": "A stable word for programs."}
DETAILS = {
    "type": "array",
    "description": "What is wrong in particular; often nothing.",
    "items": {"$ref": "#/components/schemas/Detail"},
}
ERROR = {
    "type": "object",
    "description": "Every error.",
    "properties": {
        "code": CODE,
        "message": {"type": "string", "description": "What went wrong, for people."},
        "details": DETAILS,
    },
    "required": ["code", "message", "details"],
}
PROBLEM_DETAILS = {
    "type": "object",
    "description": "Every error, by RFC 9457.",
    "properties": {
        "type": {"type": "string", "description": "What kind of problem: see the code."},
        "title": {"type": "string", "description": "The name of the status."},
        "status": {"type": "integer", "description": "The status."},
        "detail": {"type": "string", "description": "What went wrong, for people."},
        "code": CODE,
        "details": DETAILS,
    },
    "required": ["type", "title", "status", "detail", "code", "details"],
}


def header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": kind}}


def condition(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "required": False,
        "schema": {"type": "string"},
        "example": '"1"',
    }


STANDING = {
    "RateLimit-Limit": header("How often you may ask.", "integer"),
    "RateLimit-Remaining": header("How often still.", "integer"),
    "RateLimit-Reset": header("In how many seconds anew.", "integer"),
}
RETRY_AFTER = header("When to come back, in seconds.", "integer")
NOT_MODIFIED = {
    "description": "Not Modified",
    "headers": {"ETag": header("The one that you have sent.")},
}
IDEMPOTENCY_KEY = {
    **condition("Idempotency-Key", "A word of your own: sent again with it, it is done once."),
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    "example": "5f0c7a1e",
}
REPLAYED = {
    **header("true where this was answered before, and is only said again."),
    "required": False,
}
IF_MATCH = condition("If-Match", "The ETag of what you have read: only if it is still so.")
IF_NONE_MATCH = condition("If-None-Match", "The ETag of what you have: it is not sent again.")


def add_errors(spec: APISpec) -> None:
    """Put among the components what operations refer to."""
    spec.components.schema("Detail", DETAIL)
    spec.components.schema("Error", ERROR)
    spec.components.schema("Problem", PROBLEM_DETAILS)
    spec.components.response("Unauthenticated", error(401, UNKNOWN_CALLER))


def describe(rule: Rule, view: Callable[..., Any], shapes: Shapes) -> dict[str, Any]:
    """The part of an operation that its contract knows.

    ``parameters``, those of the query string, where it reads one; ``requestBody`` where it has
    one; ``responses``, good and bad.
    """
    contract = contract_of(view)
    described: dict[str, Any] = {}
    for place, schema in contract.takes.items():
        if place == "query":
            described["parameters"] = shapes.parameters(schema)
        else:
            kind = JSON if place == "json" else FORM
            described["requestBody"] = {"required": True, "content": {kind: shapes.body(schema)}}
    refusals = refusals_of(rule, view)
    described["responses"] = {
        str(contract.status): good(contract, shapes),
        **{str(status): refused(status, codes) for status, codes in refusals.items()},
    }
    if 429 in refusals:
        described["responses"][str(contract.status)].setdefault("headers", {}).update(STANDING)
    if "GET" in (rule.methods or set()) and "ETag" in contract.headers:
        described["responses"]["304"] = NOT_MODIFIED
        described.setdefault("parameters", []).append(IF_NONE_MATCH)
    if 412 in refusals:
        described.setdefault("parameters", []).append(IF_MATCH)
    if contract.repeatable:
        described.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        answer = described["responses"][str(contract.status)]
        answer.setdefault("headers", {})["Idempotency-Replayed"] = REPLAYED
    return described


def good(contract: Contract, shapes: Shapes) -> dict[str, Any]:
    response: dict[str, Any] = {"description": HTTPStatus(contract.status).phrase}
    if contract.gives is not None:
        shape = shapes.page if contract.paged else shapes.answer
        response["content"] = {JSON: shape(contract.gives)}
    if contract.headers:
        response["headers"] = {name: header(said) for name, said in contract.headers.items()}
    return response


def refused(status: int, codes: list[str]) -> dict[str, Any]:
    if codes == UNKNOWN_CALLER:
        return {"$ref": "#/components/responses/Unauthenticated"}
    if status == 429:
        return {**error(status, codes), "headers": {**STANDING, "Retry-After": RETRY_AFTER}}
    return error(status, codes)


def error(status: int, codes: list[str]) -> dict[str, Any]:
    these = {"properties": {"code": {"enum": codes}}}
    plain = {"allOf": [{"$ref": "#/components/schemas/Error"}, these]}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {
            JSON: {
                "schema": plain,
                "example": {"code": codes[0], "message": "a sentence on it", "details": []},
            },
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
