"""Lint: what a document lacks that is valid, and of no use to whoever has only the document."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Finding(NamedTuple):
    """``where`` is a JSON Pointer (RFC 6901) into the document, ``rule`` a name from below.

    It points at the object that holds the ``$ref``, at the property that lacks a description,
    at whatever openapi-spec-validator names, and for all other rules at the operation.
    """

    where: str
    rule: str
    message: str


def lint(document: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with ``document``, OpenAPI 3.1, sorted; nothing for a good one.

    ``invalid``
        It is no OpenAPI 3.1: one finding for each error of openapi-spec-validator, and
        nothing else is looked at.
    ``unresolved-ref``
        A ``$ref`` that begins with ``#`` leads nowhere, wherever it stands. If there is one,
        nothing else is looked at.
    ``operation-id``, ``summary``, ``security``
        An operation has none, or an empty one. An empty list for ``security`` is one: it says
        that nothing is needed.
    ``no-4xx``
        An operation that has parameters (its path's count), a body or demands credentials has
        no response of 400 to 499 (``4XX`` is one).
    ``description``
        A parameter, or a property of a schema among the components, has none, or an empty
        one. Also deeper down, in ``properties`` and ``items``. What is a ``$ref`` is
        described where that leads.
    ``example``
        The JSON body of a request has neither ``example`` nor ``examples`` beside its schema.
    ``wrong-example``
        It has an ``example``, which its schema does not accept.
    """
    found = list(unresolved(document, document, ""))
    if not found:
        errors = OpenAPIV31SpecValidator(dict(document)).iter_errors()
        found = [Finding(pointer(*error.path), "invalid", error.message) for error in errors]
    if not found:
        found = [*of_operations(document), *of_components(document)]
    return sorted(found)


def pointer(*parts: object) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def unresolved(document: Mapping[str, Any], node: Any, where: str) -> Iterator[Finding]:
    if isinstance(node, Mapping):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith("#") and not leads(document, target):
            yield Finding(where, "unresolved-ref", f"{target} leads nowhere")
    children = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, child in children:
        if isinstance(child, Mapping | list):
            yield from unresolved(document, child, where + pointer(key))


def leads(document: Mapping[str, Any], target: str) -> bool:
    try:
        find(document, target)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def find(document: Mapping[str, Any], target: str) -> Any:
    """What the fragment ``target`` points to (RFC 6901)."""
    node: Any = document
    for part in unquote(target.removeprefix("#")).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def of_operations(document: Mapping[str, Any]) -> Iterator[Finding]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                operation, where = item[method], pointer("paths", path, method)
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                yield from of_operation(operation, parameters, where)
                yield from of_parameters(document, parameters, where)
                yield from of_example(document, operation, where)


def of_operation(
    operation: Mapping[str, Any], parameters: list[Any], where: str
) -> Iterator[Finding]:
    if not operation.get("operationId"):
        yield Finding(where, "operation-id", "programs call it by its operationId")
    if not operation.get("summary"):
        yield Finding(where, "summary", "say in a few words what it does")
    if operation.get("security") is None:
        yield Finding(where, "security", "say what it demands, or that nothing is needed: []")
    asks = parameters or operation.get("requestBody") or operation.get("security")
    if asks and not any(str(status).startswith("4") for status in operation.get("responses", {})):
        yield Finding(where, "no-4xx", "say how it can fail")


def of_parameters(
    document: Mapping[str, Any], parameters: list[Any], where: str
) -> Iterator[Finding]:
    for parameter in parameters:
        target = resolve(document, parameter)
        if not target.get("description"):
            message = f"say what the parameter {target.get('name')} means"
            yield Finding(where, "description", message)


def of_example(
    document: Mapping[str, Any], operation: Mapping[str, Any], where: str
) -> Iterator[Finding]:
    body = resolve(document, operation.get("requestBody", {}))
    media = body.get("content", {}).get("application/json")
    if media is None:
        return
    if "example" not in media and not media.get("examples"):
        yield Finding(where, "example", "show a body that is accepted")
    if "example" in media and "schema" in media:
        schema = {**media["schema"], "components": document.get("components", {})}
        for error in Draft202012Validator(schema).iter_errors(media["example"]):
            yield Finding(where, "wrong-example", error.message)


def of_components(document: Mapping[str, Any]) -> Iterator[Finding]:
    schemas = document.get("components", {}).get("schemas", {})
    for name, schema in schemas.items():
        yield from of_properties(schema, pointer("components", "schemas", name))


def of_properties(schema: Any, where: str) -> Iterator[Finding]:
    if not isinstance(schema, Mapping):
        return
    for name, each in schema.get("properties", {}).items():
        place = where + pointer("properties", name)
        if isinstance(each, Mapping) and "$ref" not in each and not each.get("description"):
            yield Finding(place, "description", f"say what {name} means")
        yield from of_properties(each, place)
    yield from of_properties(schema.get("items"), where + pointer("items"))


def resolve(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = find(document, node["$ref"])
    return node
