"""The history of all loans, read in stretches that fit together."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from app.errors import Unprocessable
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
    query = select(Loan)
    if after is not None:
        moment, number = decode(after)
        earlier = Loan.borrowed_at < moment
        query = query.where(or_(earlier, and_(Loan.borrowed_at == moment, Loan.id < number)))
    query = query.order_by(Loan.borrowed_at.desc(), Loan.id.desc())
    loans = db.session.scalars(query.limit(per_page + 1)).all()
    if len(loans) <= per_page:
        return loans, None
    last = loans[per_page - 1]
    return loans[:per_page], encode([last.borrowed_at.isoformat(), last.id])


def encode(place: list[Any]) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).decode()


def decode(text: str) -> tuple[datetime, int]:
    try:
        moment, number = json.loads(urlsafe_b64decode(text))
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None or not 0 < number < 2**63:
            raise ValueError(text)
        return when, int(number)
    except (ValueError, TypeError):
        raise Unprocessable("after", "unreadable") from None
