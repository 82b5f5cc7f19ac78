"""Hints: what is wrong with what came in, and what would make it right."""

from typing import Any

from marshmallow import Schema, ValidationError

from app.errors import flatten


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
    return list(flatten(error.messages))  # exercise 4.5 starts here
