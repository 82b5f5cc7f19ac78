"""Renewals: keeping a copy for longer."""

from app.errors import Conflict
from app.extensions import db
from app.models import Loan
from app.services import reservations
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
    ``book_reserved``
        Somebody waits for the book.

    A refusal stores nothing.
    """
    loan = get_loan(loan_id)
    # Until the commit, nobody else renews this loan: what is counted below stays true.
    db.session.refresh(loan, with_for_update=True)
    refuse_renewal(loan)
    loan.due_at += LOAN_PERIOD
    loan.renewals += 1
    db.session.commit()
    return loan


def refuse_renewal(loan: Loan) -> None:
    """Raise :class:`app.errors.Conflict` where ``loan`` may not be renewed just now."""
    if loan.returned_at is not None:
        raise Conflict("already_returned", f"loan {loan.id} was closed before")
    if not loan.user.active:
        raise Conflict("user_inactive", f"the card of user {loan.user_id} is blocked")
    if is_overdue(loan):
        raise Conflict("loan_overdue", f"loan {loan.id} is overdue: bring the copy back")
    if loan.renewals >= MAX_RENEWALS:
        raise Conflict("renewal_limit_reached", f"loan {loan.id} was renewed {MAX_RENEWALS} times")
    if reservations.is_waited_for(loan.copy.book_id):
        raise Conflict("book_reserved", f"somebody waits for the book of loan {loan.id}")
