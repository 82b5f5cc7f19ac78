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
    if book.version != version:
        raise stale(version)
    flag_modified(book, "title")  # the authors are rows of another table, and do not count
    try:
        with db.session.no_autoflush:  # one flush, at the commit: one replacement, one version
            yield
    except StaleDataError as error:
        db.session.rollback()
        raise stale(version) from error


def stale(version: int) -> Conflict:
    return Conflict(
        "stale_version", f"version {version} is out of date: read the book again, then replace it"
    )
