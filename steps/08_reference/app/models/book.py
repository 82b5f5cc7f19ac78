"""Books: titles, not what stands on a shelf."""

from typing import TYPE_CHECKING

from sqlalchemy import String
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.orderinglist import ordering_list
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base
from app.models.author import Author, Authorship

if TYPE_CHECKING:
    from app.models.copy import Copy
    from app.models.reservation import Reservation


class Book(Base):
    """A title, not a copy on a shelf.

    ``id``
        A whole number, the primary key.
    ``title``
        Text of at most 200 characters.
    ``isbn13``
        Text of 13 characters, unique by a constraint (which needs no index beside it).
    ``published_year``
        A whole number; the only column that may be empty.
    ``version``
        A whole number: 1 for a new book, one more with every write. SQLAlchemy counts, and
        refuses to write over a row that somebody else has written meanwhile.
    ``authorships``, ``copies``
        The other ends of ``Authorship.book`` and ``Copy.book``. They go when the book goes;
        those that were not loaded are left to the database, whose foreign keys say CASCADE.
        Authorships come along with every book, one statement for all of them. Copies are not
        wanted on a page of books: reading them through a book that was loaded without raises.
    ``reservations``
        The other end of ``Reservation.book``: they go with the book, and are read like copies.
    ``authors``
        The authors in the order of the cover, by way of ``authorships``.

    Attributes and relationships, and nothing else: rules, queries and commits live in
    ``app/services/``.
    """

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    isbn13: Mapped[str] = mapped_column(String(13), unique=True)
    published_year: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    authorships: Mapped[list[Authorship]] = relationship(
        back_populates="book",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
        order_by=Authorship.position,
        collection_class=ordering_list("position"),
    )
    copies: Mapped[list["Copy"]] = relationship(
        back_populates="book",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
    )
    reservations: Mapped[list["Reservation"]] = relationship(
        back_populates="book",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
    )
    authors: AssociationProxy[list[Author]] = association_proxy(
        "authorships", "author", creator=lambda author: Authorship(author=author)
    )

    __mapper_args__ = {"version_id_col": version}
