"""The history of all loans, read in stretches that fit together."""

from collections.abc import Sequence

from sqlalchemy import select

from app.extensions import db
from app.models import Loan


def read_history(after: str | None, per_page: int) -> tuple[Sequence[Loan], str | None]:
    """At most ``per_page`` loans, and the cursor that leads on: ``None`` where nothing follows.

    The latest ``borrowed_at`` comes first; where two are equal, the higher ``id``. Without
    ``after`` the stretch begins at the top, else behind the loan that this cursor stands for.
    A cursor is text that only this function understands. Following the cursors visits every
    loan that was there at the beginning exactly once, whatever is lent meanwhile.

    Raises :class:`app.errors.Unprocessable`, field ``after``, for a text that is no cursor.
    """
    # Exercise 2.5, second part: the cursor is a number of rows, and rows move.
    start = int(after or 0)
    query = select(Loan).order_by(Loan.borrowed_at.desc(), Loan.id.desc())
    page = db.session.scalars(query.offset(start).limit(per_page)).all()
    return page, str(start + per_page) if len(page) == per_page else None
