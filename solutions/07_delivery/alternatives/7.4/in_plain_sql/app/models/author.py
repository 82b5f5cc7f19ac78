"""Authors, and which books they wrote.

Each relationship names its other end with ``back_populates``, and writes its cascade out.
"""

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base

if TYPE_CHECKING:
    from app.models.book import Book


class Author(Base):
    """Somebody who writes books.

    ``authorships``
        The books with this author's name on the cover; the other end of
        ``Authorship.author``. They may be hundreds, and no answer of ours needs them all:
        reading them through an author that was loaded without them raises. An author with
        books cannot be deleted: the database refuses, and the ORM leaves it to the database.
    """

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    full_name: Mapped[str | None] = mapped_column(String(200))
    birth_year: Mapped[int | None]

    authorships: Mapped[list["Authorship"]] = relationship(
        back_populates="author",
        cascade="save-update, merge",
        passive_deletes="all",
        lazy="raise",
    )


class Authorship(Base):
    """One name on one cover. ``position`` counts from 0, as ``Book.authorships`` keeps it.

    ``author``
        The other end of ``Author.authorships``. Always needed and always there: comes with
        its authorship, in the same statement. Stored with it, and stays when it goes.
    ``book``
        The other end of ``Book.authorships``. Stored and staying likewise.
    """

    __tablename__ = "authorships"

    book_id: Mapped[int] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), primary_key=True
    )
    author_id: Mapped[int] = mapped_column(
        ForeignKey("authors.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    position: Mapped[int]

    author: Mapped["Author"] = relationship(
        back_populates="authorships", cascade="save-update, merge", lazy="joined", innerjoin=True
    )
    book: Mapped["Book"] = relationship(
        back_populates="authorships", cascade="save-update, merge", lazy="selectin"
    )
