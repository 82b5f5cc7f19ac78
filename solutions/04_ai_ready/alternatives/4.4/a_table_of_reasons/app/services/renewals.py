"""Renewals: keeping a copy for longer."""

from collections.abc import Callable

from sqlalchemy import select

from app.errors import Conflict, NotFound
from app.extensions import db
from app.models import Loan
from app.services.loans import LOAN_PERIOD, is_overdue
from app.services.lookup import MAX_ID

MAX_RENEWALS = 2

REASONS: list[tuple[str, Callable[[Loan], bool], str]] = [
    ("already_returned", lambda loan: loan.returned_at is not None, "it is closed"),
    ("user_inactive", lambda loan: not loan.user.active, "the card is blocked"),
    ("loan_overdue", is_overdue, "bring the copy back first"),
    ("renewal_limit_reached", lambda loan: loan.renewals >= MAX_RENEWALS, "it was long enough"),
]
"""In the order in which they count: the code, whether it applies, and what to say."""

CODES = [code for code, _, _ in REASONS]


def renew(loan_id: int) -> Loan:
    """Make a loan longer by ``LOAN_PERIOD``, counted from the day it was due, and commit.

    ``renewals`` counts it. Raises :class:`app.errors.NotFound` where there is no such loan,
    and :class:`app.errors.Conflict`, with the first of these codes that applies:

    ``already_returned``
        The loan is closed.
    ``user_inactive``
        The card of whoever has the copy is blocked.
    ``loan_overdue``
        The loan is overdue. What else its user has out does not count.
    ``renewal_limit_reached``
        It was renewed ``MAX_RENEWALS`` times, or more; also where two ask at once.

    A refusal stores nothing.
    """
    locked = select(Loan).where(Loan.id == loan_id).with_for_update()
    # What the session has read before counts for nothing: the row is read again.
    fresh = locked.execution_options(populate_existing=True)
    loan = db.session.scalar(fresh) if 1 <= loan_id <= MAX_ID else None
    if loan is None:
        raise NotFound(f"there is no loan {loan_id}")
    for code, applies, sentence in REASONS:
        if applies(loan):
            raise Conflict(code, f"loan {loan_id}: {sentence}")
    loan.due_at, loan.renewals = loan.due_at + LOAN_PERIOD, loan.renewals + 1
    db.session.commit()
    return loan
