"""Reports for the people behind the desk."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select

from app.extensions import db
from app.models import Loan, User


class Reminder(NamedTuple):
    """Somebody who must be reminded of ``loans`` loans, the oldest of them due at ``due_at``."""

    id: int
    name: str
    email: str
    loans: int
    due_at: datetime


def overdue_report() -> list[Reminder]:
    """Who must be reminded: one row for each user with overdue loans, in one statement.

    A loan is overdue that is open and was due before now. Whoever has waited longest comes
    first; where two moments are equal, the lower ``id``.
    """
    late = (
        select(
            Loan.user_id,
            func.count(Loan.id).label("loans"),
            func.min(Loan.due_at).label("due_at"),
        )
        .where(Loan.returned_at.is_(None))
        .where(Loan.due_at < datetime.now(UTC))
        .group_by(Loan.user_id)
        .cte("late")
    )
    rows = db.session.execute(
        select(User.id, User.name, User.email, late.c.loans, late.c.due_at)
        .join(late, late.c.user_id == User.id)
        .order_by(late.c.due_at, User.id)
    )
    return [Reminder(*row) for row in rows]
