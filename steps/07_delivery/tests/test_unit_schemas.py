"""Units: what a schema lets in, and what it lets out. No request, no database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from app.schemas.book import BookSchema
from app.schemas.user import UserSchema

BOOK = {"title": "Comet in Moominland", "isbn13": "9780312608880", "author_ids": [1]}
ADA = {"email": "ada@example.org", "name": "Ada Lovelace"}


def this_year() -> int:
    return datetime.now(UTC).year


def refused_fields(schema: Schema, sent: dict[str, Any]) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        schema.load(sent)
    return set(caught.value.normalized_messages())


def test_a_book_without_a_year_loads() -> None:
    assert BookSchema().load(BOOK)["published_year"] is None


@pytest.mark.parametrize("isbn13", ["9780312608880", "978-0-312-60888-0", " 978 0312608880 "])
def test_an_isbn_comes_out_as_its_digits(isbn13: str) -> None:
    assert BookSchema().load({**BOOK, "isbn13": isbn13})["isbn13"] == "9780312608880"


@pytest.mark.parametrize("isbn13", ["9780312608881", "9780312608808", "978031260888", "978"])
def test_a_mistyped_isbn_is_refused(isbn13: str) -> None:
    assert refused_fields(BookSchema(), {**BOOK, "isbn13": isbn13}) == {"isbn13"}


@pytest.mark.parametrize("ahead", [-400, 0, 1])
def test_a_year_may_be_as_late_as_the_next(ahead: int) -> None:
    year = this_year() + ahead
    assert BookSchema().load({**BOOK, "published_year": year})["published_year"] == year


def test_a_year_may_be_as_early_as_printing() -> None:
    assert BookSchema().load({**BOOK, "published_year": 1450})["published_year"] == 1450


def test_a_year_beyond_either_end_is_refused() -> None:
    for year in (1449, this_year() + 2):
        assert refused_fields(BookSchema(), {**BOOK, "published_year": year}) == {"published_year"}


def test_an_address_is_made_small() -> None:
    assert UserSchema().load({**ADA, "email": " Ada@Example.ORG "})["email"] == ADA["email"]


@pytest.mark.parametrize("role", ["member", "librarian", "admin"])
def test_nobody_chooses_a_role(role: str) -> None:
    assert refused_fields(UserSchema(), {**ADA, "role": role}) == {"role"}


def test_an_unknown_field_is_refused() -> None:
    assert refused_fields(UserSchema(), {**ADA, "shoe_size": 38}) == {"shoe_size"}


def test_a_password_has_twelve_characters() -> None:
    assert refused_fields(UserSchema(), {**ADA, "password": "elevenchars"}) == {"password"}
    assert "password" in UserSchema().load({**ADA, "password": "twelve chars"})


def test_a_password_never_goes_out() -> None:
    assert "password" not in UserSchema().dump({**ADA, "password": "twelve chars"})
