"""Lists in pages: one shape for every collection of the API."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, jsonify, request
from marshmallow import Schema
from sqlalchemy import ColumnElement, Select, func

from app.extensions import db
from app.links import with_links
from app.openapi.contracts import Codes, View, accepts, contract_for
from app.schemas.paging import page_query
from app.stack import add_layer

LAST_PAGE = "X-Last-Page"
"""From the lower half to the upper one; never goes out."""

LINK = "Absolute addresses: first, last, prev and next (RFC 8288)."


def pages(
    schema: Schema, sort: Iterable[str], errors: Codes | None = None
) -> Callable[[View], View]:
    """Answer with one page of what the view selects: ``{"items", "page", "per_page", "total"}``.

    The view returns a query for a model, without an order; ``sort`` are attributes of it.

    The query string chooses the page:

    ``page``
        From 1 to 1,000,000; 1 when not sent. A page past the end has no items, and is no
        error.
    ``per_page``
        From 1 to 100; 20 when not sent.
    ``sort``
        Keys with commas between them, all from ``sort``; ``-`` in front of a key
        reverses it. Rows that are equal so far go by ``id``, ascending. A row whose value is
        ``None`` comes last, whichever the direction. By ``id`` when not sent.

    Numbers are written in the digits 0 to 9, and nothing else. Anything else, also an empty
    value, is 422 with the parameter's name as its field.

    The header ``Link`` (RFC 8288) holds absolute addresses with ``rel`` of ``first`` and
    ``last``, and ``prev`` and ``next`` where there are such pages; past the end, ``prev`` is
    the last page. They keep the rest of the query. An empty collection has one page, an
    empty one.
    """

    def decorate(view: View) -> View:
        return reads_page(sort)(page_of(schema, errors)(view))

    return decorate


def reads_page(sort: Iterable[str]) -> Callable[[View], View]:
    """The upper half of ``pages``, the validation: loads the query string, adds ``Link``.

    What is below gives a page as ``page_of`` does, or one that it gave before.
    """

    def decorate(view: View) -> View:
        @accepts(page_query(sort), "query")
        @wraps(view)
        def linked(query: dict[str, Any], **path: Any) -> Response:
            response = current_app.make_response(view(query, **path))
            if LAST_PAGE in response.headers:
                last = int(response.headers.pop(LAST_PAGE))
                response.headers["Link"] = links(query["page"], last)
            return response

        contract_for(linked).headers["Link"] = LINK
        return linked

    return decorate


def page_of(schema: Schema, errors: Codes | None = None) -> Callable[[View], View]:
    """The lower half, the response: a page of what the view selects.

    Nothing in it depends on how the client has spelled the query string: it can be kept.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def one_page(query: dict[str, Any], **path: Any) -> Response:
            return paginated(view(**path), schema, query)

        add_layer(one_page, "response")
        contract = contract_for(one_page)
        contract.gives, contract.paged = schema, True
        contract.add_errors(errors or {})
        return one_page

    return decorate


def paginated(rows: Select[Any], schema: Schema, query: dict[str, Any]) -> Response:
    page, per_page = query["page"], query["per_page"]
    counted = rows.with_only_columns(func.count(), maintain_column_froms=True)
    total = db.session.scalars(counted).one()
    ordered = rows.order_by(*in_order(rows, query["sort"]))
    start = (page - 1) * per_page
    items = db.session.scalars(ordered.offset(start).limit(per_page)).all()
    dumped = [with_links(schema, item) for item in schema.dump(items, many=True)]
    response = jsonify(items=dumped, page=page, per_page=per_page, total=total)
    response.headers[LAST_PAGE] = str(max(1, -(-total // per_page)))
    return response


def in_order(rows: Select[Any], sort: Iterable[str]) -> Iterator[ColumnElement[Any]]:
    """The ``id`` decides where all else is equal, or pages would overlap."""
    model = rows.column_descriptions[0]["entity"]
    for key in sort:
        column = getattr(model, key.removeprefix("-"))
        yield (column.desc() if key.startswith("-") else column.asc()).nulls_last()
    yield model.id


def links(page: int, last: int) -> str:
    targets = {"first": 1, "last": last}
    if page > 1:
        targets["prev"] = min(page - 1, last)
    if page < last:
        targets["next"] = page + 1
    base, args = request.base_url, request.args.to_dict(flat=False)
    return ", ".join(
        f'<{base}?{urlencode(args | {"page": [str(target)]}, doseq=True)}>; rel="{rel}"'
        for rel, target in targets.items()
    )
