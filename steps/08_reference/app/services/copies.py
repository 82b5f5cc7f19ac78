"""Copies: what stands on the shelves."""

from typing import Any

from sqlalchemy import Select, select

from app.errors import Conflict
from app.extensions import db
from app.models import Book, Copy
from app.services.lookup import get, locked
from app.services.transaction import commit_or_raise


def get_copy(copy_id: int) -> Copy:
    """The copy with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Copy, copy_id)


def copies_of(book_id: int) -> Select[Copy]:
    """A query for the copies of a book; :class:`app.errors.NotFound` without that book."""
    book = get(Book, book_id)
    return select(Copy).where(Copy.book_id == book.id)


def add_copy(book_id: int, values: dict[str, Any]) -> Copy:
    """Add a copy of a book from the values that ``CopySchema`` loads.

    Raises :class:`app.errors.NotFound` without that book, also where it is being removed just
    now, and :class:`Conflict`, code ``barcode_taken``, where another copy has the barcode
    already.
    """
    copy = Copy(book=locked(Book, book_id), **values)
    db.session.add(copy)
    commit_or_raise(Conflict("barcode_taken", f"a copy has the barcode {copy.barcode} already"))
    return copy


def remove_copy(copy_id: int) -> None:
    """Remove a copy for good.

    Raises :class:`app.errors.NotFound` without that copy, and :class:`Conflict`, code
    ``copy_has_loans``, where it was ever lent: the history stays whole.
    """
    db.session.delete(get(Copy, copy_id))
    commit_or_raise(Conflict("copy_has_loans", f"copy {copy_id} has been lent"))
