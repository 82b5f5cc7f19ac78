"""Renewals: keeping a copy for longer. Nobody waits: whoever was too slow looks again."""

from typing import cast

from sqlalchemy import CursorResult, update

from app.errors import Conflict
from app.extensions import db
from app.models import Loan
from app.services.loans import LOAN_PERIOD, get_loan, is_overdue

MAX_RENEWALS = 2


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
    loan = get_loan(loan_id)
    refuse(loan)
    while not put_off(loan):
        db.session.refresh(loan)
        refuse(loan)
    db.session.commit()
    return loan


def put_off(loan: Loan) -> bool:
    """Store a later ``due_at``, unless the loan is not any more what we have read."""
    as_read = (
        Loan.id == loan.id,
        Loan.renewals == loan.renewals,
        Loan.returned_at.is_(None),
    )
    later = {Loan.due_at: loan.due_at + LOAN_PERIOD, Loan.renewals: loan.renewals + 1}
    done = db.session.execute(update(Loan).where(*as_read).values(later))
    return cast("CursorResult[Loan]", done).rowcount == 1


def refuse(loan: Loan) -> None:
    code = None
    if loan.returned_at:
        code = "already_returned"
    elif not loan.user.active:
        code = "user_inactive"
    elif is_overdue(loan):
        code = "loan_overdue"
    elif loan.renewals >= MAX_RENEWALS:
        code = "renewal_limit_reached"
    if code:
        raise Conflict(code, f"loan {loan.id} cannot be renewed")
