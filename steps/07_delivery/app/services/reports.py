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
    oldest = func.min(Loan.due_at)
    query = (
        select(User.id, User.name, User.email, func.count(), oldest)
        .join(Loan, Loan.user_id == User.id)
        .where(Loan.returned_at.is_(None), Loan.due_at < datetime.now(UTC))
        .group_by(User.id)
        .order_by(oldest, User.id)
    )
    return [Reminder._make(row) for row in db.session.execute(query)]
