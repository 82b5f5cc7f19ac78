"""Units: what a schema lets in, and what it lets out. No request, no database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from app.schemas.book import BookSchema
from app.schemas.user import UserSchema

NEXT_YEAR = datetime.now(UTC).year + 1
BOOK = {"title": "Momo", "isbn13": "9783522202107", "author_ids": [7]}
READER = {"email": "tove@example.org", "name": "Tove"}

ACCEPTED = [
    (BookSchema, BOOK, "isbn13", "978-3-522-20210-7", "9783522202107"),
    (BookSchema, BOOK, "isbn13", "978 3522202107", "9783522202107"),
    (BookSchema, BOOK, "published_year", 1450, 1450),
    (BookSchema, BOOK, "published_year", NEXT_YEAR, NEXT_YEAR),
    (BookSchema, BOOK, "published_year", None, None),
    (UserSchema, READER, "email", "  TOVE@Example.org", "tove@example.org"),
    (UserSchema, READER, "password", "a" * 12, "a" * 12),
]
REFUSED = [
    (BookSchema, BOOK, "isbn13", "9783522202108"),
    (BookSchema, BOOK, "isbn13", "9783522202170"),
    (BookSchema, BOOK, "published_year", 1449),
    (BookSchema, BOOK, "published_year", NEXT_YEAR + 1),
    (UserSchema, READER, "role", "member"),
    (UserSchema, READER, "role", "admin"),
    (UserSchema, READER, "colour", "blue"),
    (UserSchema, READER, "password", "a" * 11),
]


@pytest.mark.parametrize(("schema", "sent", "field", "value", "loaded"), ACCEPTED)
def test_accepted(
    schema: type[Schema], sent: dict[str, Any], field: str, value: object, loaded: object
) -> None:
    assert schema().load({**sent, field: value})[field] == loaded


@pytest.mark.parametrize(("schema", "sent", "field", "value"), REFUSED)
def test_refused(schema: type[Schema], sent: dict[str, Any], field: str, value: object) -> None:
    assert list(schema().validate({**sent, field: value})) == [field]


def test_not_shown() -> None:
    try:
        shown = UserSchema().dump({**READER, "password": "a" * 12})
    except ValidationError:
        pytest.fail("what is stored can be dumped")
    assert not {"password", "password_hash"} & set(shown)
