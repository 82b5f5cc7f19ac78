"""Hints: what is wrong with what came in, and what would make it right."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.errors import flatten
from app.schemas.about import choices_of, example_of
from app.schemas.paging import SortKeys

WHOLE = "_schema"
"""What marshmallow calls the body as a whole."""


def explain(error: ValidationError, schema: Schema, sent: Any) -> list[dict[str, Any]]:
    """One entry for each field and reason: what was wrong, and how to correct it.

    ``error`` is what ``schema`` raised when it loaded ``sent``. An entry is
    ``{"field": …, "reason": …, "allowed": …, "hint": …}``:

    ``field``, ``reason``
        As ``flatten`` gives them.
    ``allowed``
        The values to choose from, a list: ``choices_of`` the field; where ``schema`` knows no
        such field, the names of those that may come in, sorted. Else ``None``.
    ``hint``
        One operation of a JSON Patch (RFC 6902): applied to ``sent``, all of them, in their
        order, make it load. It acts on the field of ``schema`` that the entry is about, also
        where ``field`` is a path that leads deeper, and on its ``example_of``:
        ``{"op": "add", "path": "/title", "value": …}`` where the field is missing,
        ``{"op": "replace", …}`` where its value is wrong, ``{"op": "remove", "path": "/titel"}``
        where there is no such field. Where there are choices, the value is the one that looks
        most like what was sent, if any does; not for a list, but for ``SortKeys``, which is one
        text in a query string, commas between: its example is written like that, too. What is
        no object is replaced as a whole, path ``""``, by the examples of all required fields.

    The same mistake is told in the same words, always: entries are sorted by ``field``, then
    ``reason``, whatever the order in which the client, or a set, had them. Each path stands in
    one hint only: a further entry for the same field has ``None``.
    """
    entries = sorted(flatten(error.messages), key=lambda entry: (entry["field"], entry["reason"]))
    told: set[str] = set()
    for entry in entries:
        name = entry["field"] if entry["field"] in names(sent) else entry["field"].split(".")[0]
        field = schema.load_fields.get(name)
        entry["allowed"] = allowed(schema, name, field)
        entry["hint"] = None if name in told else hint(schema, name, field, sent)
        told.add(name)
    return entries


def names(sent: Any) -> set[str]:
    return set(sent) if isinstance(sent, Mapping) else set()


def allowed(schema: Schema, name: str, field: fields.Field[Any] | None) -> list[Any] | None:
    if field is not None:
        return choices_of(field)
    return None if name == WHOLE else sorted(schema.load_fields)


def hint(schema: Schema, name: str, field: fields.Field[Any] | None, sent: Any) -> dict[str, Any]:
    if name == WHOLE:
        required = {key: one for key, one in schema.load_fields.items() if one.required}
        example = {key: example_of(one) for key, one in required.items()}
        return {"op": "replace", "path": "", "value": example}
    path = "/" + name.replace("~", "~0").replace("/", "~1")  # RFC 6901
    if field is None:
        return {"op": "remove", "path": path}
    if name not in sent:
        return {"op": "add", "path": path, "value": example_of(field)}
    return {"op": "replace", "path": path, "value": nearest(field, sent[name])}


def nearest(field: fields.Field[Any], value: Any) -> Any:
    if isinstance(field, fields.List) and not isinstance(field, SortKeys):
        return example_of(field)
    choices = {str(choice): choice for choice in choices_of(field) or []}
    close = get_close_matches(str(value), choices, n=1)
    if close:
        return choices[close[0]]
    example = example_of(field)
    return ",".join(example) if isinstance(field, SortKeys) else example
