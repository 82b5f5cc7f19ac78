"""Units: what a schema lets in, and what it lets out. No request, no database.

To be held here, each in a test that fails when it no longer is so:

``BookSchema().load(…)``
    Takes an ISBN with hyphens or spaces, gives its 13 digits. Refuses one with a mistyped digit.
    Takes a year of publication from 1450 to next year, whatever year it is, and nothing beyond
    either end.
``UserSchema().load(…)``
    Gives the address in small letters, without outer spaces. Refuses a ``role``, whatever it
    is, an unknown field, and a password of fewer than 12 characters.
``UserSchema().dump(…)``
    Never has a password in it.

A refusal is a ``ValidationError`` that names the field. Its words may be put differently any
day, and so may whatever these schemas are made of: ask the schemas, and nothing behind them.
"""

from app.schemas.book import BookSchema

BOOK = {"title": "Comet in Moominland", "isbn13": "9780312608880", "author_ids": [1]}


def test_a_book_without_a_year_loads() -> None:
    assert BookSchema().load(BOOK)["published_year"] is None


# exercise 6.1 starts here
