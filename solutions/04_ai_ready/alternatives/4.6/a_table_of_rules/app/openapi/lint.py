"""Lint: what a document lacks that is valid, and of no use to whoever has only the document."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


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
    linter = Linter(document)
    for stage in (linter.references, linter.validity, linter.usefulness):
        found = sorted(stage())
        if found:
            return found
    return []


class Linter:
    """Walks one document; a place is a tuple of keys."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def references(self) -> Iterator[Finding]:
        for place, node in walk(self.document):
            target = node.get("$ref") if isinstance(node, dict) else None
            if isinstance(target, str) and target.startswith("#"):
                try:
                    self.at(target)
                except (LookupError, TypeError, ValueError):
                    yield Finding(spell(place), "unresolved-ref", f"there is no {target}")

    def validity(self) -> Iterator[Finding]:
        for error in OpenAPIV31SpecValidator(dict(self.document)).iter_errors():
            yield Finding(spell(tuple(error.path)), "invalid", error.message)

    def usefulness(self) -> Iterator[Finding]:
        for path, item in self.document.get("paths", {}).items():
            for method in item.keys() & METHODS:
                place = spell(("paths", path, method))
                for rule, message in self.operation(item, item[method]):
                    yield Finding(place, rule, message)
        components = self.document.get("components", {})
        for name, schema in components.get("schemas", {}).items():
            yield from properties(schema, ("components", "schemas", name))

    def operation(
        self, item: Mapping[str, Any], operation: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        for rule, key in (("operation-id", "operationId"), ("summary", "summary")):
            if not operation.get(key):
                yield rule, f"give it {key}"
        if "security" not in operation:
            yield "security", "say what it demands; [] is nothing"
        parameters = item.get("parameters", []) + operation.get("parameters", [])
        failing = [status for status in operation.get("responses", {}) if status[:1] == "4"]
        if not failing and (
            parameters or "requestBody" in operation or operation.get("security", [])
        ):
            yield "no-4xx", "say how it refuses"
        for parameter in map(self.resolved, parameters):
            if not parameter.get("description"):
                yield "description", f"describe {parameter['name']}"
        body = self.resolved(operation.get("requestBody", {})).get("content", {})
        if "application/json" in body:
            yield from self.example(body["application/json"])

    def example(self, media: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if "example" not in media:
            if not media.get("examples"):
                yield "example", "show one"
            return
        components = self.document.get("components", {})
        rooted = {**media.get("schema", {}), "components": components}
        if not Draft202012Validator(rooted).is_valid(media["example"]):
            yield "wrong-example", "its own schema refuses the example"

    def at(self, target: str) -> Any:
        node: Any = self.document
        for part in target.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def resolved(self, node: Any) -> Any:
        return self.resolved(self.at(node["$ref"])) if "$ref" in node else node


def walk(node: Any, place: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], Any]]:
    yield place, node
    if not isinstance(node, dict | list):
        return
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield from walk(child, (*place, key))


def properties(schema: Any, place: tuple[object, ...]) -> Iterator[Finding]:
    if not isinstance(schema, dict):
        return
    for name, each in schema.get("properties", {}).items():
        here = (*place, "properties", name)
        if isinstance(each, dict) and not each.get("description") and "$ref" not in each:
            yield Finding(spell(here), "description", f"describe {name}")
        yield from properties(each, here)
    if "items" in schema:
        yield from properties(schema["items"], (*place, "items"))


def spell(place: tuple[object, ...]) -> str:
    escaped = [str(key).replace("~", "~0").replace("/", "~1") for key in place]
    return "".join(f"/{key}" for key in escaped)
