"""The same lines on two databases. Would a test on the one find the fault of the other?"""

from library import Base, database, reason
from sqlalchemy import String, func, insert, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(10))
    isbn13: Mapped[str]


with database() as engine:
    # section: lines
    rows = [
        {"title": title, "isbn13": str(number)}
        for number, title in enumerate(("Ronia", "ronia", "Emil"))
    ]
    lines = {
        "a title of 30 letters": insert(Book).values(title="R" * 30, isbn13="1"),
        "LIKE 'ron%'": select(Book.id).where(Book.title.like("ron%")),
        "an ISBN as a number": select(Book.id).where(Book.isbn13 == literal(2)),
        "a title, not grouped": select(Book.title, func.count()).group_by(Book.isbn13),
    }
    for name, line in lines.items():
        with Session(engine) as session:
            session.execute(insert(Book), rows)
            try:
                found = session.execute(line)
                print(
                    f"{name}:",
                    "stored" if line.is_insert else f"{len(found.all())} rows",
                )
            except DBAPIError as error:
                print(f"{name}: refused,", reason(error))
    # end section: lines
