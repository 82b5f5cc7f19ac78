"""How a service ends its transaction."""

from sqlalchemy.exc import IntegrityError

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
