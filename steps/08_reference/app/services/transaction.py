"""How a service ends its transaction, and how several end theirs together."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from app.database import Session
from app.errors import Conflict
from app.extensions import db


def commit_or_raise(conflict: Conflict) -> None:
    """Commit. Where a constraint of the database forbids it, roll back and raise ``conflict``.

    Asking first whether a row is there already proves nothing: another request may add it
    between the question and the commit. The constraint holds always.
    """
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise conflict from error


@contextmanager
def one_transaction() -> Iterator[None]:
    """Within, what services commit is only sent to the database; at the end all is committed.

    What is raised within, or by that commit, is passed on, and nothing is stored.
    """
    info = db.session.info
    info[Session.JOINED] = True
    try:
        yield
        info.pop(Session.JOINED)
        db.session.commit()
    except BaseException:
        info.pop(Session.JOINED, None)
        db.session.rollback()
        raise
