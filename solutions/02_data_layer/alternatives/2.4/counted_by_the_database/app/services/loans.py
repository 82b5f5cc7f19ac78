"""Loans: lending a copy, and taking it back."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, Unprocessable
from app.extensions import db
from app.models import Copy, Loan, User
from app.services.lookup import find, get

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
    if find(Copy, copy_id) is None:
        raise Unprocessable("copy_id", "names no copy")
    if find(User, user_id) is None:
        raise Unprocessable("user_id", "names no user")
    active = db.session.scalars(
        select(User.active).where(User.id == user_id).with_for_update()
    ).one()
    now = datetime.now(UTC)
    mine = (
        select(func.count(Loan.id)).where(Loan.user_id == user_id).where(Loan.returned_at == None)  # noqa: E711
    )
    overdue = db.session.scalar(mine.where(Loan.due_at < now)) or 0
    count = db.session.scalar(mine) or 0
    refusals = {
        "user_inactive": not active,
        "loan_overdue": overdue > 0,
        "loan_limit_reached": count > MAX_OPEN_LOANS - 1,
    }
    for code, applies in refusals.items():
        if applies:
            raise Conflict(code, f"user {user_id} may not borrow now: {code}")
    loan = Loan(copy_id=copy_id, user_id=user_id, borrowed_at=now, due_at=now + LOAN_PERIOD)
    db.session.add(loan)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("copy_on_loan", f"copy {copy_id} is out") from None
    db.session.commit()
    return loan


def give_back(loan_id: int) -> Loan:
    """Close a loan now, and commit.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``already_returned``, for a loan that is closed: the moment of the first return stays, also
    where two desks take the copy back at once: the loan's row is locked before it is looked at.
    """
    loan = get_loan(loan_id)
    closed = db.session.execute(
        update(Loan)
        .where(Loan.id == loan.id, Loan.returned_at.is_(None))
        .values(returned_at=datetime.now(UTC))
        .returning(Loan.id)
    ).scalar_one_or_none()
    if closed is None:
        raise Conflict("already_returned", f"loan {loan_id} is closed")
    db.session.commit()
    db.session.refresh(loan)
    return loan
