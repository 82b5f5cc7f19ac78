"""Loans: lending a copy, and taking it back."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.errors import Conflict
from app.extensions import db
from app.models import Copy, Loan, User
from app.services.lookup import get, known
from app.services.transaction import commit_or_raise

LOAN_PERIOD = timedelta(days=21)
MAX_OPEN_LOANS = 5


def get_loan(loan_id: int) -> Loan:
    """The loan with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Loan, loan_id)


def is_overdue(loan: Loan) -> bool:
    """Whether the copy is still out though it was due before now."""
    return loan.returned_at is None and loan.due_at < datetime.now(UTC)


def lend(copy_id: int, user_id: int) -> Loan:
    """Lend a copy to a user from now on, for ``LOAN_PERIOD``, and commit.

    Raises :class:`app.errors.Unprocessable` where ``copy_id`` or ``user_id`` names nothing,
    and :class:`app.errors.Conflict`, with the first of these codes that applies:

    ``user_inactive``
        The user's card is blocked.
    ``loan_overdue``
        A loan of this user is overdue.
    ``loan_limit_reached``
        This user has ``MAX_OPEN_LOANS`` open loans, or more; also where two desks serve the
        same user at once: the user's row is locked (``FOR UPDATE``) before anything is counted.
    ``copy_on_loan``
        The copy is out. That holds also for somebody who asks at the very same moment: of
        eight, one gets the copy and seven are told.

    A refusal stores nothing.
    """
    copy = known(Copy, "copy_id", copy_id)
    known(User, "user_id", user_id)
    user = db.session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    loans = db.session.scalars(select(Loan).where(Loan.user_id == user_id)).all()
    for rule in (card_is_valid, nothing_is_overdue, hands_are_free):
        rule(user, [loan for loan in loans if loan.returned_at is None])
    loan = Loan(borrowed_at=datetime.now(UTC))
    loan.due_at = loan.borrowed_at + LOAN_PERIOD
    loan.copy, loan.user = copy, user
    db.session.add(loan)
    commit_or_raise(Conflict("copy_on_loan", "somebody else has it"))
    return loan


def card_is_valid(user: User, loans: list[Loan]) -> None:
    if not user.active:
        raise Conflict("user_inactive", "this card is blocked")


def nothing_is_overdue(user: User, loans: list[Loan]) -> None:
    late = [loan.id for loan in loans if is_overdue(loan)]
    if late:
        raise Conflict("loan_overdue", f"bring back first: {late}")


def hands_are_free(user: User, loans: list[Loan]) -> None:
    if len(loans) >= MAX_OPEN_LOANS:
        raise Conflict("loan_limit_reached", f"{MAX_OPEN_LOANS} loans are enough")


def give_back(loan_id: int) -> Loan:
    """Close a loan now, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``already_returned``, for a loan that is closed: the moment of the first return stays, also
    where two desks take the copy back at once: the loan's row is locked before it is looked at.
    """
    loan = get_loan(loan_id)
    db.session.refresh(loan, with_for_update=True)
    if loan.returned_at is not None:
        raise Conflict("already_returned", f"loan {loan_id} was closed before")
    loan.returned_at = datetime.now(UTC)
    db.session.commit()
    return loan
