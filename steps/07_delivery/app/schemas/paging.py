"""Query strings that choose a page, and what every page says of itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from app.schemas.about import about

MAX_PAGE = 1_000_000
DEFAULT_PER_PAGE = 20
MAX_PER_PAGE = 100


class WholeNumber(fields.Integer):
    """A number from 1 to ``most``, in the digits 0 to 9 and nothing else, as text."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        refusal = f"must be a whole number from 1 to {most}"
        super().__init__(
            validate=validate.Range(min=1, max=most, error=refusal),
            error_messages={"invalid": refusal},
            **kwargs,
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        text = str(value)
        if not (text.isascii() and text.isdigit()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class SortKeys(fields.List[str]):
    """Keys with commas between them, ``-`` in front of one that descends."""

    def __init__(self, keys: Iterable[str], **kwargs: Any) -> None:
        choices = [sign + key for key in keys for sign in ("", "-")]
        known = validate.ContainsOnly(choices, error=f"choose from {', '.join(choices)}")
        super().__init__(fields.String(), validate=[validate.Length(min=1), known], **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        return super()._deserialize(str(value).split(","), attr, data, **kwargs)


def per_page() -> WholeNumber:
    return WholeNumber(
        most=MAX_PER_PAGE,
        load_default=DEFAULT_PER_PAGE,
        metadata=about("How many come at once.", DEFAULT_PER_PAGE),
    )


class PageQuery(Schema):
    """Which page, how long, in which order."""

    page = WholeNumber(
        most=MAX_PAGE,
        load_default=1,
        metadata=about("Which page; one past the end has no items.", 1),
    )
    per_page = per_page()


def page_query(sort_keys: Iterable[str]) -> Schema:
    """A schema for the query string of a list that can be sorted by ``sort_keys``."""
    keys = tuple(sort_keys)
    sort = SortKeys(
        keys,
        load_default=list,
        metadata=about("The keys to sort by, the first counts most; by id at last.", [keys[0]]),
    )
    return PageQuery.from_dict({"sort": sort}, name="PageQuery")()


class PageSchema(Schema):
    """What a page says of itself, beside its items."""

    page = fields.Integer(metadata=about("Which page this is.", 1))
    per_page = fields.Integer(metadata=about("How many come at once.", DEFAULT_PER_PAGE))
    total = fields.Integer(metadata=about("How many there are on all pages.", 1))
