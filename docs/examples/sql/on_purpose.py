"""Collections that nobody loads by accident."""

from library import Base, database, spoken
from sqlalchemy import ForeignKey
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import (
    Mapped,
    Session,
    WriteOnlyMapped,
    mapped_column,
    relationship,
)


# section: model
class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    copies: Mapped[list["Copy"]] = relationship(lazy="raise")
    loans: WriteOnlyMapped["Loan"] = relationship()


# end section: model
class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))


with database() as engine:
    with Session(engine) as session:
        session.add(Book(id=1))
        session.commit()
    # section: use
    with Session(engine) as session, spoken(engine):
        book = session.get_one(Book, 1)
        try:
            print(book.copies)
        except InvalidRequestError as error:
            print("#", error)
        book.loans.add(Loan())
        session.flush()
        latest = book.loans.select().order_by(Loan.id.desc()).limit(10)
        print("#", len(session.scalars(latest).all()), "loan")
    # end section: use
