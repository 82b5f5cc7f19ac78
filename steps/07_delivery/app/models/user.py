"""Users: who holds a library card.

Each relationship names its other end with ``back_populates``, and writes its cascade out.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base

if TYPE_CHECKING:
    from app.models.loan import Loan


class User(Base):
    """Somebody who holds a library card. Their address is unique, in small letters.

    ``role``
        ``member``, ``librarian`` or ``admin``; ``member`` where nobody says.
    ``active``
        Whether the card may be used; true where nobody says.
    ``password_hash``
        What ``app/auth/passwords.py`` makes of the password; without one, nobody signs in.
    ``tokens_valid_after``
        Access tokens that were issued before this moment are refused.
    ``loans``
        Every loan of this user, open or not; the other end of ``Loan.user``. They grow for
        years: reading them through a user who was loaded without them raises. A user who
        ever borrowed cannot be deleted: the database refuses, and the ORM leaves it to the
        database.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("role IN ('member', 'librarian', 'admin')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20), default="member")
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    tokens_valid_after: Mapped[datetime | None]

    loans: Mapped[list["Loan"]] = relationship(
        back_populates="user",
        cascade="save-update, merge",
        passive_deletes="all",
        lazy="raise",
    )
