"""Stale writes: nobody overwrites what they have not seen."""

from types import TracebackType
from typing import Self

from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from app.errors import Conflict
from app.extensions import db
from app.models import Book


class unchanged_since:  # noqa: N801
    """Within, ``book`` may be changed and committed, if ``version`` is its current version."""

    def __init__(self, book: Book, version: int) -> None:
        self.book = book
        self.version = version

    def refusal(self) -> Conflict:
        return Conflict("stale_version", f"not version {self.version} any more")

    def __enter__(self) -> Self:
        if self.book.version != self.version:
            raise self.refusal()
        flag_modified(self.book, "published_year")
        self.quiet = db.session.no_autoflush
        self.quiet.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.quiet.__exit__(kind, error, trace)
        if isinstance(error, StaleDataError):
            db.session.rollback()
            raise self.refusal() from error
