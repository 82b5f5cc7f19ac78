"""Lists in pages: rows compared pairwise, links as werkzeug writes them."""

from collections.abc import Callable, Collection, Iterable
from functools import cmp_to_key
from math import ceil
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri

from app.errors import Unprocessable


def paginated(
    rows: Iterable[Any], schema: Schema, sort_keys: Collection[str]
) -> ResponseReturnValue:
    """Answer with one page of ``rows``: ``{"items", "page", "per_page", "total"}``."""
    page, per_page = number("page", 1, 10**6), number("per_page", 20, 100)
    ordered = sorted(rows, key=cmp_to_key(comparison(sort_keys)))
    total = len(ordered)
    shown = [row for at, row in enumerate(ordered) if at // per_page == page - 1]
    body = {
        "items": [schema.dump(row) for row in shown],
        "page": page,
        "per_page": per_page,
        "total": total,
    }
    last = ceil(total / per_page) or 1
    rels = {"first": 1, "prev": min(page - 1, last), "next": page + 1, "last": last}
    links = [
        f"<{link(to)}>; rel={rel}"
        for rel, to in rels.items()
        if to > 0 and not (rel == "next" and to > last)
    ]
    return body, 200, {"Link": ",".join(links)}


def number(name: str, default: int, most: int) -> int:
    values = request.args.getlist(name)
    if not values:
        return default
    digits = values[0].lstrip("0")
    if digits == "" or set(digits) - set("0123456789") or len(digits) > 7 or int(digits) > most:
        raise Unprocessable(name, f"is no whole number from 1 to {most}")
    return int(digits)


def comparison(allowed: Collection[str]) -> Callable[[Any, Any], int]:
    asked = request.args.get("sort")
    keys = [] if asked is None else asked.split(",")
    if any(key[key[:1] == "-" :] not in allowed for key in keys):
        raise Unprocessable("sort", "is no list of keys that this collection offers")
    keys.append("id")

    def compare(one: Any, two: Any) -> int:
        for key in keys:
            a, b = (getattr(row, key.lstrip("-")) for row in (one, two))
            if a == b:
                continue
            if None in (a, b):
                return 1 if a is None else -1
            return (1 if a > b else -1) * (-1 if key.startswith("-") else 1)
        return 0

    return compare


def link(page: int) -> str:
    args: MultiDict[str, Any] = MultiDict(request.args)
    args["page"] = page
    values: dict[str, Any] = dict(args.lists())
    where = request.endpoint or ""
    address = url_for(where, **(request.view_args or {}), _external=True, **values)
    return iri_to_uri(address)
