"""The history of all loans, read in stretches that fit together."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, tuple_

from app.errors import Unprocessable
from app.extensions import db
from app.models import Loan

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile("([0-9]{1,16})-([0-9]{1,10})")
"""Microseconds since 1970, and an id."""


def read_history(after: str | None, per_page: int) -> tuple[Sequence[Loan], str | None]:
    """At most ``per_page`` loans, and the cursor that leads on: ``None`` where nothing follows.

    The latest ``borrowed_at`` comes first; where two are equal, the higher ``id``. Without
    ``after`` the stretch begins at the top, else behind the loan that this cursor stands for.
    A cursor is text that only this function understands. Following the cursors visits every
    loan that was there at the beginning exactly once, whatever is lent meanwhile.

    Raises :class:`app.errors.Unprocessable`, field ``after``, for a text that is no cursor.
    """
    query = select(Loan).order_by(Loan.borrowed_at.desc(), Loan.id.desc()).limit(per_page + 1)
    if after is not None:
        query = query.where(tuple_(Loan.borrowed_at, Loan.id) < read_cursor(after))
    loans = db.session.scalars(query).all()
    page = loans[:per_page]
    return page, write_cursor(page[-1]) if len(loans) > per_page else None


def write_cursor(loan: Loan) -> str:
    return f"{(loan.borrowed_at - EPOCH) // timedelta(microseconds=1)}-{loan.id}"


def read_cursor(text: str) -> tuple[datetime, int]:
    match = CURSOR.fullmatch(text)
    if match is None:
        raise Unprocessable("after", "is no cursor: take it from the answer's next")
    return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
