"""Which writes count the version up?"""

from library import Base, database
from sqlalchemy import Column, ForeignKey, Table, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

authorships = Table(
    "authorships",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("author_id", ForeignKey("authors.id"), primary_key=True),
)


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    version: Mapped[int] = mapped_column()
    authors: Mapped[list[Author]] = relationship(secondary=authorships)

    __mapper_args__ = {"version_id_col": version}


# section: writes
def by_attribute(session: Session, book: Book) -> None:
    book.title = "Ronia"


def by_the_same_value(session: Session, book: Book) -> None:
    book.title = str(book.title)


def by_relationship(session: Session, book: Book) -> None:
    book.authors.append(Author())


def by_statement(session: Session, book: Book) -> None:
    session.execute(update(Book).values(title="Emil"))


# end section: writes
with database() as engine, Session(engine) as session:
    book = Book(title="Ronja")
    session.add(book)
    session.commit()
    for write in (
        by_attribute,
        by_the_same_value,
        by_relationship,
        by_statement,
    ):
        before = book.version
        write(session, book)
        session.commit()
        print(f"{write.__name__:18} {before} -> {book.version}")
