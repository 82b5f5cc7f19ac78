"""Stale writes: nobody overwrites what they have not seen."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from app.errors import Conflict
from app.extensions import db
from app.models import Book


@contextmanager
def unchanged_since(book: Book, version: int) -> Iterator[None]:
    """Within, ``book`` may be changed and committed, if ``version`` is its current version.

    Raises :class:`app.errors.Conflict`, code ``stale_version``, and stores nothing, where it is
    not: at once, or at the commit, where SQLAlchemy finds that another request has written the
    book in between (``StaleDataError``). Whatever else is raised within stays what it is. Every
    replacement is one new version, also one that changes nothing but the authors, also where
    queries run within.
    """
    db.session.refresh(book, with_for_update=True)
    if version != book.version:
        raise stale(version)
    try:
        flag_modified(book, "isbn13")
        with db.session.no_autoflush:
            yield
        db.session.flush()
    except StaleDataError:
        raise stale(version) from None
    finally:
        db.session.rollback()


def stale(version: int) -> Conflict:
    return Conflict(
        "stale_version", f"version {version} is out of date: read the book again, then replace it"
    )
