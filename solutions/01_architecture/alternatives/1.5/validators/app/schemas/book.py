"""Books on the wire: raw fields, and all the rules in one place."""

from collections.abc import Mapping
from datetime import date
from itertools import cycle
from typing import Any

from flask_marshmallow import Schema
from marshmallow import ValidationError, fields, post_load, validates_schema

DIGITS = frozenset("0123456789")


def tidy_isbn(text: str) -> str:
    return "".join(letter for letter in text if letter not in "- ")


def problem_with_title(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    return None if 0 < len(value.strip()) < 201 else "must have 1 to 200 characters"


def problem_with_isbn(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    digits = tidy_isbn(value)
    if len(digits) != 13 or not DIGITS.issuperset(digits) or digits[:3] not in ("978", "979"):
        return "must be 13 digits from 978 or 979 on"
    total = sum(int(digit) * weight for digit, weight in zip(digits, cycle((1, 3)), strict=False))
    return "has a wrong check digit" if total % 10 else None


def problem_with_year(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not int:
        return "must be a whole number"
    return None if value in range(1450, date.today().year + 2) else "must be a year of print"  # noqa: DTZ011


def problem_with_ids(value: Any) -> str | None:
    if not isinstance(value, list) or any(type(entry) is not int for entry in value):
        return "must be a list of whole numbers"
    if not 1 <= len(value) <= 20:
        return "must name 1 to 20 authors"
    return "names an author twice" if len(set(value)) < len(value) else None


RULES = {
    "title": problem_with_title,
    "isbn13": problem_with_isbn,
    "published_year": problem_with_year,
    "author_ids": problem_with_ids,
}


class BookSchema(Schema):
    """A book: what a client may send, and what it gets back."""

    id = fields.Raw(dump_only=True)
    title = fields.Raw(required=True)
    isbn13 = fields.Raw(required=True)
    published_year = fields.Raw(load_default=None, allow_none=True)
    author_ids = fields.Raw(required=True, load_only=True)
    authors = fields.Function(
        lambda book: [{"id": author.id, "name": author.name} for author in book.authors],
        dump_only=True,
    )

    @validates_schema(skip_on_field_errors=False)
    def follow_the_rules(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        problems = {key: RULES[key](data[key]) for key in RULES if key in data}
        found = {key: [problem] for key, problem in problems.items() if problem}
        if found:
            raise ValidationError(found)

    @post_load
    def tidy(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return data | {"title": data["title"].strip(), "isbn13": tidy_isbn(data["isbn13"])}
