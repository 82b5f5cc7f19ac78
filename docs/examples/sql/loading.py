"""Three books with their copies: what each loading strategy asks the database."""

from library import Base, database, spoken
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    joinedload,
    lazyload,
    mapped_column,
    relationship,
    selectinload,
)


# section: models
class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    copies: Mapped[list["Copy"]] = relationship(back_populates="book")


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    book: Mapped[Book] = relationship(back_populates="copies")


# end section: models
with database() as engine:
    with Session(engine) as session:
        titles = ("Ronia", "Emil", "Pippi")
        session.add_all([Book(title=title, copies=[Copy(), Copy()]) for title in titles])
        session.commit()
    # section: strategies
    for strategy in (lazyload, joinedload, selectinload):
        print(f"# {strategy.__name__}")
        with Session(engine) as session, spoken(engine):
            query = select(Book).options(strategy(Book.copies))
            books = session.scalars(query).unique()
            count = sum(len(book.copies) for book in books)
    # end section: strategies
