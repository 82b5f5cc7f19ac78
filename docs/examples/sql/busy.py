"""Two desks on SQLite, and three ways to begin."""

from library import Base, database, reason
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    times_lent: Mapped[int]


NUMBER = select(Book.times_lent)

for begin in (None, "BEGIN", "BEGIN IMMEDIATE"):
    print(begin or "as Python's driver does it")
    with database(begin) as engine:
        with engine.begin() as connection:
            connection.execute(insert(Book).values(times_lent=0))
        # section: race
        with engine.connect() as left, engine.connect() as right:
            seen = {}
            for desk in (left, right):
                try:
                    seen[desk] = desk.scalar(NUMBER)
                except DBAPIError as error:
                    print("  while reading:", reason(error))
            for desk, number in seen.items():
                try:
                    desk.execute(update(Book).values(times_lent=number + 1))
                    desk.commit()
                except DBAPIError as error:
                    desk.rollback()
                    print("  while writing:", reason(error))
        # end section: race
        with engine.connect() as connection:
            print("  counted", connection.scalar(NUMBER), "of", len(seen))
