"""Books: adding, replacing and removing them, each in one transaction."""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, NotFound
from app.extensions import db
from app.models import Author, Authorship, Book
from app.services.lookup import find, known
from app.services.versions import unchanged_since


def get_book(book_id: int) -> Book:
    """The book with this id; :class:`app.errors.NotFound` where there is none."""
    book = find(Book, book_id)
    if book is None:
        raise NotFound(f"there is no book {book_id}")
    return book


def add_book(values: dict[str, Any]) -> Book:
    """Add a book from the values that ``BookSchema`` loads, and commit.

    The authors that ``author_ids`` names are its authors, in that order. Raises
    :class:`app.errors.Unprocessable`, field ``author_ids``, for an author who is unknown,
    and :class:`app.errors.Conflict`, code ``isbn_taken``, for an ISBN that a book has
    already, also where another request has added it a moment ago. In both cases nothing is
    stored.
    """
    authors = [known(Author, "author_ids", author_id) for author_id in values["author_ids"]]
    try:
        book = Book(
            title=values["title"],
            isbn13=values["isbn13"],
            published_year=values["published_year"],
        )
        db.session.add(book)
        for author in authors:
            book.authorships.append(Authorship(author=author))
        db.session.flush()
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("isbn_taken", f"the ISBN {values['isbn13']} is taken") from None
    return book


def replace_book(book_id: int, values: dict[str, Any]) -> Book:
    """Give a book the values that ``BookUpdateSchema`` loads, and commit.

    ``values["version"]`` is the version that the client has read: change the book and commit
    within ``unchanged_since``. Raises :class:`app.errors.NotFound`, and what ``add_book`` and
    ``unchanged_since`` raise. In all cases the book is then as it was, its authors too.
    """
    book = get_book(book_id)
    authors = [known(Author, "author_ids", author_id) for author_id in values["author_ids"]]
    try:
        with unchanged_since(book, values["version"]):
            book.title = values["title"]
            book.isbn13 = values["isbn13"]
            book.published_year = values["published_year"]
            book.authors[:] = authors
            db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("isbn_taken", f"the ISBN {values['isbn13']} is taken") from None
    return book


def remove_book(book_id: int) -> None:
    """Remove a book with its copies, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``book_has_loans``, where a copy of it was ever lent: the history stays whole. Somebody
    else may replace or remove the book at the same moment: its row is ``locked`` first, or
    the ``DELETE`` asks for no version.
    """
    get_book(book_id)
    try:
        removed = db.session.execute(delete(Book).where(Book.id == book_id).returning(Book.id))
        is_gone = removed.first() is None
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("book_has_loans", f"book {book_id} was lent") from None
    if is_gone:
        raise NotFound(f"there is no book {book_id}")
