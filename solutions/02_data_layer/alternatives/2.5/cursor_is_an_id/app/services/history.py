"""The history of all loans, read in stretches that fit together."""

from collections.abc import Sequence

from sqlalchemy import desc, select, tuple_

from app.errors import Unprocessable
from app.extensions import db
from app.models import Loan
from app.services.lookup import find


def read_history(after: str | None, per_page: int) -> tuple[Sequence[Loan], str | None]:
    """At most ``per_page`` loans, and the cursor that leads on: ``None`` where nothing follows.

    The latest ``borrowed_at`` comes first; where two are equal, the higher ``id``. Without
    ``after`` the stretch begins at the top, else behind the loan that this cursor stands for.
    A cursor is text that only this function understands. Following the cursors visits every
    loan that was there at the beginning exactly once, whatever is lent meanwhile.

    Raises :class:`app.errors.Unprocessable`, field ``after``, for a text that is no cursor.
    """
    query = select(Loan).order_by(desc(Loan.borrowed_at), desc(Loan.id))
    if after is not None:
        is_number = after.isascii() and after.isdigit() and len(after) < 11
        last = find(Loan, int(after)) if is_number else None
        if last is None:
            raise Unprocessable("after", "is not the end of a stretch")
        query = query.where(tuple_(Loan.borrowed_at, Loan.id) < (last.borrowed_at, last.id))
    loans = list(db.session.scalars(query.limit(per_page + 1)))
    there_is_more = len(loans) > per_page
    del loans[per_page:]
    return loans, str(loans[-1].id) if there_is_more else None
