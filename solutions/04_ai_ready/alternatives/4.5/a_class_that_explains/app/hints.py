"""Hints: what is wrong with what came in, and what would make it right."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.errors import flatten
from app.schemas.about import choices_of, example_of
from app.schemas.paging import SortKeys

ALIKE = 0.6


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
    return list(Explainer(schema, sent).entries(error))


class Explainer:
    """Knows the schema, and what somebody sent to it."""

    def __init__(self, schema: Schema, sent: Any) -> None:
        self.fields, self.sent = schema.load_fields, sent

    def entries(self, error: ValidationError) -> Iterator[dict[str, Any]]:
        found = [(self.top(each["field"]), each) for each in flatten(error.messages)]
        hinted: set[str] = set()
        for name, each in sorted(found, key=lambda pair: itemgetter("field", "reason")(pair[1])):
            hint = None if name in hinted else self.hint(name)
            hinted.add(name)
            yield {**each, "allowed": self.allowed(name), "hint": hint}

    def top(self, path: str) -> str:
        is_key = isinstance(self.sent, dict) and path in self.sent
        return path if is_key else path.partition(".")[0]

    def allowed(self, name: str) -> list[Any] | None:
        if name in self.fields:
            return choices_of(self.fields[name])
        return sorted(self.fields) if isinstance(self.sent, dict) else None

    def hint(self, name: str) -> dict[str, Any]:
        if not isinstance(self.sent, dict):
            whole = {key: example_of(each) for key, each in self.fields.items() if each.required}
            return {"op": "replace", "path": "", "value": whole}
        path = "/" + name.translate({ord("~"): "~0", ord("/"): "~1"})
        if name not in self.fields:
            return {"op": "remove", "path": path}
        if name not in self.sent:
            return {"op": "add", "path": path, "value": example_of(self.fields[name])}
        value = self.better(self.fields[name], str(self.sent[name]))
        return {"op": "replace", "path": path, "value": value}

    def better(self, field: fields.Field[Any], text: str) -> Any:
        example = example_of(field)
        if isinstance(field, SortKeys):
            example = ",".join(example)
        elif isinstance(field, fields.List):
            return example
        ranked = [(SequenceMatcher(None, text, str(one)).ratio(), one) for one in choices(field)]
        likeness, choice = max(ranked, key=itemgetter(0), default=(0.0, None))
        return choice if likeness >= ALIKE else example


def choices(field: fields.Field[Any]) -> list[Any]:
    return choices_of(field) or []
