"""A test that fails when a page of books begins to ask once for each book."""

from collections.abc import Iterator
from contextlib import contextmanager

from library import Base, database
from sqlalchemy import Engine, ForeignKey, delete, event, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    copies: Mapped[list["Copy"]] = relationship(cascade="all, delete-orphan")


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))


# section: counted
@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent within the block."""
    sent: list[str] = []

    def note(connection, cursor, statement, *rest):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


# end section: counted
# section: judge
def cost(engine: Engine, books: int, query) -> int:
    with Session(engine) as session:
        session.execute(delete(Copy))
        session.execute(delete(Book))
        session.add_all([Book(copies=[Copy()]) for _ in range(books)])
        session.commit()
    with Session(engine) as session, counted(engine) as sent:
        for book in session.scalars(query):
            list(book.copies)
    return len(sent)


# end section: judge
with database(begin=None) as engine:
    # section: costs
    for name, query in {
        "as it comes": select(Book),
        "selectinload": select(Book).options(selectinload(Book.copies)),
    }.items():
        print(f"{name:12} 5 books: {cost(engine, 5, query)}, 50 books: {cost(engine, 50, query)}")
    # end section: costs
