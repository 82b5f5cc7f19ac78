"""Books: adding, replacing and removing them, each in one transaction."""

from typing import Any

from app.extensions import db
from app.models import Author, Book
from app.services.lookup import get, known


def get_book(book_id: int) -> Book:
    """The book with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Book, book_id)


def add_book(values: dict[str, Any]) -> Book:
    """Add a book from the values that ``BookSchema`` loads, and commit.

    The authors that ``author_ids`` names are its authors, in that order. Raises
    :class:`app.errors.Unprocessable`, field ``author_ids``, for an author who is unknown,
    and :class:`app.errors.Conflict`, code ``isbn_taken``, for an ISBN that a book has
    already, also where another request has added it a moment ago. In both cases nothing is
    stored.
    """
    # Exercise 2.3 starts here: the book is stored first, then one author after the other.
    book = Book(**{name: values[name] for name in ("title", "isbn13", "published_year")})
    db.session.add(book)
    db.session.commit()
    for author_id in values["author_ids"]:
        book.authors.append(known(Author, "author_ids", author_id))
        db.session.commit()
    return book


def replace_book(book_id: int, values: dict[str, Any]) -> Book:
    """Give a book the values that ``BookUpdateSchema`` loads, and commit.

    ``values["version"]`` is the version that the client has read: change the book and commit
    within ``unchanged_since``. Raises :class:`app.errors.NotFound`, and what ``add_book`` and
    ``unchanged_since`` raise. In all cases the book is then as it was, its authors too.
    """
    raise NotImplementedError("exercise 2.3: the view still does this")


def remove_book(book_id: int) -> None:
    """Remove a book with its copies, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``book_has_loans``, where a copy of it was ever lent: the history stays whole. Somebody
    else may replace or remove the book at the same moment: its row is ``locked`` first, or
    the ``DELETE`` asks for no version.
    """
    raise NotImplementedError("exercise 2.3: the view still does this")
