"""Loans: lending a copy, and taking it back."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.errors import Conflict
from app.extensions import db
from app.flags import is_enabled
from app.models import Copy, Loan, User
from app.services import reservations
from app.services.lookup import get, known
from app.services.transaction import commit_or_raise

LOAN_PERIOD = timedelta(days=21)
LONG_LOAN_PERIOD = timedelta(days=28)
MAX_OPEN_LOANS = 5


def get_loan(loan_id: int) -> Loan:
    """The loan with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Loan, loan_id)


def is_overdue(loan: Loan) -> bool:
    """Whether the copy is still out though it was due before now."""
    return loan.returned_at is None and loan.due_at < datetime.now(UTC)


def lend(copy_id: int, user_id: int) -> Loan:
    """Lend a copy to a user from now on, for ``loan_period``, and commit.

    Raises :class:`app.errors.Unprocessable` where ``copy_id`` or ``user_id`` names nothing,
    and :class:`app.errors.Conflict`, with the first of these codes that applies:

    ``user_inactive``
        The user's card is blocked.
    ``loan_overdue``
        A loan of this user is overdue.
    ``loan_limit_reached``
        This user has ``MAX_OPEN_LOANS`` open loans, or more; also where two desks serve the
        same user at once: the user's row is locked (``FOR UPDATE``) before anything is counted.
    ``copy_reserved``
        All copies of the book that are in are held for somebody else.
    ``copy_on_loan``
        The copy is out. That holds also for somebody who asks at the very same moment: of
        eight, one gets the copy and seven are told.

    Whoever had reserved the book has what they waited for. A refusal stores nothing.
    """
    copy = known(Copy, "copy_id", copy_id)
    user = known(User, "user_id", user_id)
    # Until the commit, nobody else lends to this user: what is counted below stays true.
    db.session.refresh(user, with_for_update=True)
    refuse_borrower(user)
    reservations.claim(copy, user)
    now = datetime.now(UTC)
    loan = Loan(copy=copy, user=user, borrowed_at=now, due_at=now + loan_period(user))
    db.session.add(loan)
    commit_or_raise(Conflict("copy_on_loan", f"copy {copy_id} is out"))
    return loan


def loan_period(user: User) -> timedelta:
    """How long this user may keep a copy: longer, where ``long-loans`` is on for them."""
    return LONG_LOAN_PERIOD if is_enabled("long-loans", user.id) else LOAN_PERIOD


def refuse_borrower(user: User) -> None:
    """Raise :class:`app.errors.Conflict` where ``user`` may not borrow just now."""
    if not user.active:
        raise Conflict("user_inactive", f"the card of user {user.id} is blocked")
    loans = select(Loan.due_at).where(Loan.user_id == user.id, Loan.returned_at.is_(None))
    due = db.session.scalars(loans).all()
    if any(moment < datetime.now(UTC) for moment in due):
        raise Conflict("loan_overdue", f"user {user.id} has a loan that is overdue")
    if len(due) >= MAX_OPEN_LOANS:
        raise Conflict("loan_limit_reached", f"user {user.id} has {len(due)} open loans")


def give_back(loan_id: int) -> Loan:
    """Close a loan now, and commit. Whoever has waited longest for the book can have the copy.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``already_returned``, for a loan that is closed: the moment of the first return stays, also
    where two desks take the copy back at once: the loan's row is locked before it is looked at.
    """
    loan = get_loan(loan_id)
    db.session.refresh(loan, with_for_update=True)
    if loan.returned_at is not None:
        raise Conflict("already_returned", f"loan {loan_id} was closed before")
    loan.returned_at = datetime.now(UTC)
    reservations.copy_came_back(loan.copy)
    db.session.commit()
    return loan
