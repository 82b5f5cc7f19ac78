"""Books: adding, replacing and removing them, each in one transaction."""

from typing import Any

from app.errors import Conflict
from app.extensions import db
from app.models import Author, Book
from app.services.lookup import get, known, locked
from app.services.transaction import commit_or_raise
from app.services.versions import unchanged_since


def get_book(book_id: int) -> Book:
    """The book with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Book, book_id)


def isbn13_of(book_id: int) -> str:
    """The ISBN of a book, with no transaction left open: who asks elsewhere next may wait long."""
    isbn13 = get_book(book_id).isbn13
    db.session.rollback()
    return isbn13


def add_book(values: dict[str, Any]) -> Book:
    """Add a book from the values that ``BookSchema`` loads, and commit.

    The authors that ``author_ids`` names are its authors, in that order. Raises
    :class:`app.errors.Unprocessable`, field ``author_ids``, for an author who is unknown,
    and :class:`app.errors.Conflict`, code ``isbn_taken``, for an ISBN that a book has
    already, also where another request has added it a moment ago. In both cases nothing is
    stored.
    """
    book = Book(**with_authors(values))
    db.session.add(book)
    commit_or_raise(isbn_taken(book))
    return book


def replace_book(book_id: int, values: dict[str, Any]) -> Book:
    """Give a book the values that ``BookUpdateSchema`` loads, and commit.

    ``values["version"]`` is the version that the client has read: change the book and commit
    within ``unchanged_since``. Raises :class:`app.errors.NotFound`, and what ``add_book`` and
    ``unchanged_since`` raise. In all cases the book is then as it was, its authors too.
    """
    book = get_book(book_id)
    with unchanged_since(book, values["version"]):
        for name, value in with_authors(values).items():
            setattr(book, name, value)
        commit_or_raise(isbn_taken(book))
    return book


def remove_book(book_id: int) -> None:
    """Remove a book with its copies, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``book_has_loans``, where a copy of it was ever lent: the history stays whole. Somebody
    else may replace or remove the book at the same moment: its row is ``locked`` first, or
    the ``DELETE`` asks for no version.
    """
    db.session.delete(locked(Book, book_id))
    commit_or_raise(Conflict("book_has_loans", f"a copy of book {book_id} has been lent"))


def with_authors(values: dict[str, Any]) -> dict[str, Any]:
    """What a book is made of: the authors in place of their ids, and no version."""
    authors = [known(Author, "author_ids", author_id) for author_id in values["author_ids"]]
    columns = {name: values[name] for name in ("title", "isbn13", "published_year")}
    return {**columns, "authors": authors}


def isbn_taken(book: Book) -> Conflict:
    return Conflict("isbn_taken", f"a book has the ISBN {book.isbn13} already")
