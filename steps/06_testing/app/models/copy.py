"""Copies: what stands on a shelf, or is out.

Each relationship names its other end with ``back_populates``, and writes its cascade out.
"""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.database import Base
from app.models.loan import Loan

if TYPE_CHECKING:
    from app.models.book import Book


class Copy(Base):
    """One copy of a book, with a barcode on its back.

    ``condition``
        ``new``, ``good`` or ``worn``; ``good`` where nobody says.
    ``on_loan``
        Whether it is out: asked of the loans each time, never stored.
    ``book``
        The other end of ``Book.copies``. Stored with the copy, and stays when it goes.
    ``loans``
        Every loan of this copy, open or not; the other end of ``Loan.copy``. They grow for
        years: reading them through a copy that was loaded without them raises. A copy that
        was ever lent cannot be deleted: the database refuses, and the ORM leaves it to the
        database.
    """

    __tablename__ = "copies"
    __table_args__ = (CheckConstraint("condition IN ('new', 'good', 'worn')", name="condition"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), index=True)
    barcode: Mapped[str] = mapped_column(String(32), unique=True)
    condition: Mapped[str] = mapped_column(String(10), default="good")
    on_loan: Mapped[bool] = column_property(
        select(Loan.id)
        .where(Loan.copy_id == id, Loan.returned_at.is_(None))  # noqa: A003 - the column
        .correlate_except(Loan)
        .exists()
    )

    book: Mapped["Book"] = relationship(
        back_populates="copies", cascade="save-update, merge", lazy="selectin"
    )
    loans: Mapped[list["Loan"]] = relationship(
        back_populates="copy",
        cascade="save-update, merge",
        passive_deletes="all",
        lazy="raise",
    )
