"""Lists in pages: one shape for every collection of the API."""

from collections.abc import Collection, Iterable
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema


def paginated(
    rows: Iterable[Any], schema: Schema, sort_keys: Collection[str]
) -> ResponseReturnValue:
    """Answer with one page of ``rows``: ``{"items", "page", "per_page", "total"}``.

    The query string chooses it:

    ``page``
        From 1 to 1,000,000; 1 when not sent. A page past the end has no items, and is no
        error.
    ``per_page``
        From 1 to 100; 20 when not sent.
    ``sort``
        Keys with commas between them, all from ``sort_keys``; ``-`` in front of a key
        reverses it. Rows that are equal so far go by ``id``, ascending. A row whose value is
        ``None`` comes last, whichever the direction. By ``id`` when not sent.

    Numbers are written in the digits 0 to 9, and nothing else. Anything else, also an empty
    value, is ``Unprocessable`` with the parameter's name as its field.

    The header ``Link`` (RFC 8288) holds absolute addresses with ``rel`` of ``first`` and
    ``last``, and ``prev`` and ``next`` where there are such pages; past the end, ``prev`` is
    the last page. They keep the rest of the query. An empty collection has one page, an
    empty one.
    """
    return {"items": schema.dump(list(rows), many=True)}  # exercise 1.6: everything, at once
