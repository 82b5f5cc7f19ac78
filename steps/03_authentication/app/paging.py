"""Lists in pages: one shape for every collection of the API."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from sqlalchemy import ColumnElement, Select, func

from app.errors import Unprocessable
from app.extensions import db

MAX_PAGE = 1_000_000
DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 100


@dataclass(frozen=True)
class PageQuery:
    """What a client asked for: which page, how long, in which order."""

    page: int
    per_page: int
    sort: tuple[tuple[str, bool], ...]
    """Pairs of a key and whether it descends."""


def paginated(rows: Select[Any], schema: Schema, sort_keys: Collection[str]) -> ResponseReturnValue:
    """Answer with one page of ``rows``: ``{"items", "page", "per_page", "total"}``.

    ``rows`` selects a model, without an order; ``sort_keys`` are attributes of it.

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
    query = read_query(sort_keys)
    counted = rows.with_only_columns(func.count(), maintain_column_froms=True)
    total = db.session.scalars(counted).one()
    ordered = rows.order_by(*in_order(rows, query.sort))
    start = (query.page - 1) * query.per_page
    items = db.session.scalars(ordered.offset(start).limit(query.per_page)).all()
    body = {
        "items": schema.dump(items, many=True),
        "page": query.page,
        "per_page": query.per_page,
        "total": total,
    }
    return body, {"Link": links(query, total=total)}


def read_query(sort_keys: Collection[str]) -> PageQuery:
    return PageQuery(
        page=read_number("page", default=1, most=MAX_PAGE),
        per_page=read_number("per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE),
        sort=tuple(read_sort(sort_keys)),
    )


def read_number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    # Longer than the limit is too large; int() itself refuses some thousand digits.
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not is_number or not 1 <= int(text) <= most:
        raise Unprocessable(name, f"must be a whole number from 1 to {most}")
    return int(text)


def read_sort(sort_keys: Collection[str]) -> list[tuple[str, bool]]:
    text = request.args.get("sort")
    if text is None:
        return []
    pairs = [(key.removeprefix("-"), key.startswith("-")) for key in text.split(",")]
    for key, _ in pairs:
        if key not in sort_keys:
            raise Unprocessable("sort", f"{key!r} is not one of {', '.join(sorted(sort_keys))}")
    return pairs


def in_order(rows: Select[Any], sort: Iterable[tuple[str, bool]]) -> Iterator[ColumnElement[Any]]:
    """The ``id`` decides where all else is equal, or pages would overlap."""
    model = rows.column_descriptions[0]["entity"]
    for key, descending in sort:
        column = getattr(model, key)
        yield (column.desc() if descending else column.asc()).nulls_last()
    yield model.id


def links(query: PageQuery, total: int) -> str:
    last = max(1, -(-total // query.per_page))
    pages = {"first": 1, "last": last}
    if query.page > 1:
        pages["prev"] = min(query.page - 1, last)
    if query.page < last:
        pages["next"] = query.page + 1
    return ", ".join(f'<{address(page)}>; rel="{rel}"' for rel, page in pages.items())


def address(page: int) -> str:
    args = request.args.to_dict(flat=False) | {"page": [str(page)]}
    return f"{request.base_url}?{urlencode(args, doseq=True)}"
