"""A join that narrows, and a collection that is loaded: not the same thing."""

from library import Base, database
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    contains_eager,
    mapped_column,
    relationship,
    selectinload,
)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    copies: Mapped[list["Copy"]] = relationship()


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    condition: Mapped[str]


with database() as engine:
    with Session(engine) as session:
        session.add(Book(copies=[Copy(condition="good"), Copy(condition="worn")]))
        session.commit()
    # section: queries
    is_worn = Copy.condition == "worn"
    worn = select(Book).join(Book.copies).where(is_worn)
    queries = {
        "joined": worn,
        "selectinload": worn.options(selectinload(Book.copies)),
        "contains_eager": worn.options(contains_eager(Book.copies)),
        "and_()": worn.options(selectinload(Book.copies.and_(is_worn))),
    }
    for name, query in queries.items():
        with Session(engine) as session:
            book = session.scalars(query).unique().one()
            print(f"{name:15}", [copy.condition for copy in book.copies])
    # end section: queries
