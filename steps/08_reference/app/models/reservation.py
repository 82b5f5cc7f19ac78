"""Reservations: who waits for which book, and what became of it."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base

if TYPE_CHECKING:
    from app.models.book import Book

STATUSES = ("waiting", "ready", "fulfilled", "cancelled", "expired")
WAITING = text("status = 'waiting'")


class Reservation(Base):
    """Somebody's place in the queue for a book: see ``app/services/reservations.py``.

    The database holds two rules: ``status`` is one of ``STATUSES``, and a user waits for a book
    once at most. It goes with the book, and with the user.

    ``status``
        ``waiting`` where nobody says.
    ``created_at``
        Since when.
    ``ready_until``
        Until when a copy is held; empty until one is.
    ``book``
        The other end of ``Book.reservations``. Stored with the reservation, and stays when it
        goes. Read along, for a whole list in one statement, and the authors in two more: whoever
        needs less says so in the query.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')", name="status"
        ),
        Index(
            "uq_reservations_waiting_book_id_user_id",
            "book_id",
            "user_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(None, "book_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    created_at: Mapped[datetime]
    ready_until: Mapped[datetime | None]

    book: Mapped["Book"] = relationship(
        back_populates="reservations", cascade="save-update, merge", lazy="selectin"
    )
