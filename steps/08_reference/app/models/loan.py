"""Loans: who has which copy, from when, until when.

Each relationship names its other end with ``back_populates``, and writes its cascade out.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base

if TYPE_CHECKING:
    from app.models.copy import Copy
    from app.models.user import User

OPEN = text("returned_at IS NULL")


class Loan(Base):
    """A copy in somebody's hands. Open until ``returned_at`` says otherwise.

    The database holds two rules: a copy has at most one open loan, and ``due_at`` comes
    after ``borrowed_at``.

    ``renewals``
        How often ``due_at`` was put off; 0 where nobody says.
    ``copy``
        The other end of ``Copy.loans``. Stored with the loan, and stays when it goes.
    ``user``
        The other end of ``User.loans``. Stored and staying likewise.
    """

    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint("due_at > borrowed_at", name="due_after_borrowed"),
        Index(
            "uq_loans_open_copy_id",
            "copy_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index(None, "borrowed_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copies.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    borrowed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    renewals: Mapped[int] = mapped_column(default=0)

    copy: Mapped["Copy"] = relationship(
        back_populates="loans", cascade="save-update, merge", lazy="selectin"
    )
    user: Mapped["User"] = relationship(
        back_populates="loans", cascade="save-update, merge", lazy="selectin"
    )
