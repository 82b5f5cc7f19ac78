"""Lists in pages: the query is validated by a schema, as any other input."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

from flask import make_response, request
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from app.errors import Unprocessable


class Digits(fields.Integer):
    """A number that is written in plain digits."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if re.fullmatch("[0-9]{1,9}", value) is None:
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class Query(Schema):
    class Meta:
        unknown = EXCLUDE

    page = Digits(load_default=1, validate=validate.Range(1, 1_000_000))
    per_page = Digits(load_default=20, validate=validate.Range(1, 100))
    sort = fields.String(load_default=None)


class Turned:
    """A value that sorts the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "Turned") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Turned) and bool(other.value == self.value)

    __hash__ = None  # type: ignore[assignment]


def paginated(
    rows: Iterable[Any], schema: Schema, sort_keys: Collection[str]
) -> ResponseReturnValue:
    """Answer with one page of ``rows``: ``{"items", "page", "per_page", "total"}``."""
    try:
        query = Query().load(request.args.to_dict())
    except ValidationError as error:
        [(name, reasons), *_] = error.messages_dict.items()
        raise Unprocessable(name, " ".join(reasons)) from None
    keys = query["sort"].split(",") if query["sort"] is not None else []
    for key in keys:
        if re.sub("^-", "", key) not in sort_keys:
            raise Unprocessable("sort", f"offers {' '.join(sort_keys)}")
    whole = list(rows)
    whole.sort(key=lambda row: [*places(row, keys), row.id])
    page, size = query["page"], query["per_page"]
    pages = list(range(0, len(whole), size)) or [0]
    items = schema.dump(whole[(page - 1) * size :][:size], many=True)
    response = make_response({"items": items, "total": len(whole), "page": page, "per_page": size})
    response.headers.add("Link", f'<{at(1)}>; rel="first"')
    response.headers.add("Link", f'<{at(len(pages))}>; rel="last"')
    if page >= 2:
        response.headers.add("Link", f'<{at(min(len(pages), page - 1))}>; rel="prev"')
    if page + 1 <= len(pages):
        response.headers.add("Link", f'<{at(page + 1)}>; rel="next"')
    return response


def places(row: Any, keys: list[str]) -> Iterator[Any]:
    for key in keys:
        value = getattr(row, key.removeprefix("-"))
        yield value is None
        if value is not None:
            yield Turned(value) if key[0] == "-" else value


def at(page: int) -> str:
    pairs = parse_qsl(request.query_string.decode(), keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if key != "page"] + [("page", str(page))]
    text = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in kept)
    return urlsplit(request.url)._replace(query=text).geturl()
