"""Two collections of one book, each joined: how many rows travel?"""

from library import Base, database
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    copies: Mapped[list["Copy"]] = relationship()
    reviews: Mapped[list["Review"]] = relationship()


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))


travelled: list[tuple[object, ...]] = []


def note(cursor: object, row: tuple[object, ...]) -> tuple[object, ...]:
    travelled.append(row)
    return row


with database() as engine:
    with Session(engine) as session:
        session.add(
            Book(
                copies=[Copy() for _ in range(20)],
                reviews=[Review() for _ in range(50)],
            )
        )
        session.commit()
    # section: count
    for strategy in (joinedload, selectinload):
        travelled.clear()
        query = select(Book).options(strategy(Book.copies), strategy(Book.reviews))
        with Session(engine) as session:
            session.connection().connection.driver_connection.row_factory = note
            book = session.scalars(query).unique().one()
            found = len(book.copies) + len(book.reviews)
        print(f"{strategy.__name__:12} {found} objects from {len(travelled)} rows")
    # end section: count
