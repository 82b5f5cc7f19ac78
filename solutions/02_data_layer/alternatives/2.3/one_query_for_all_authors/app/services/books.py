"""Books: adding, replacing and removing them, each in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, Unprocessable
from app.extensions import db
from app.models import Author, Book
from app.services.lookup import MAX_ID, get, locked
from app.services.versions import unchanged_since


@contextmanager
def transaction(code: str) -> Iterator[None]:
    """All that is done within, or nothing; ``code`` is what a broken constraint means."""
    try:
        yield
        db.session.commit()
    except IntegrityError as error:
        raise Conflict(code, "the database says no") from error
    finally:
        db.session.rollback()


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
    with transaction("isbn_taken"):
        book = Book()
        fill(book, values)
        db.session.add(book)
    return book


def replace_book(book_id: int, values: dict[str, Any]) -> Book:
    """Give a book the values that ``BookUpdateSchema`` loads, and commit.

    ``values["version"]`` is the version that the client has read: change the book and commit
    within ``unchanged_since``. Raises :class:`app.errors.NotFound`, and what ``add_book`` and
    ``unchanged_since`` raise. In all cases the book is then as it was, its authors too.
    """
    book = get_book(book_id)
    with unchanged_since(book, values["version"]), transaction("isbn_taken"):
        fill(book, values)
    return book


def remove_book(book_id: int) -> None:
    """Remove a book with its copies, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``book_has_loans``, where a copy of it was ever lent: the history stays whole. Somebody
    else may replace or remove the book at the same moment: its row is ``locked`` first, or
    the ``DELETE`` asks for no version.
    """
    with transaction("book_has_loans"):
        db.session.delete(locked(Book, book_id))


def fill(book: Book, values: dict[str, Any]) -> None:
    wanted = [author_id for author_id in values["author_ids"] if 0 < author_id <= MAX_ID]
    found = db.session.scalars(select(Author).where(Author.id.in_(wanted)))
    authors = {author.id: author for author in found}
    for author_id in values["author_ids"]:
        if author_id not in authors:
            raise Unprocessable("author_ids", f"there is no author {author_id}")
    book.title, book.isbn13 = values["title"], values["isbn13"]
    book.published_year = values["published_year"]
    book.authors = [authors[author_id] for author_id in values["author_ids"]]
