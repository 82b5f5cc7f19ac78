"""Two desks count a loan at once. Each reads the number, adds one, and stores it."""

from library import Base, database, reason
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    times_lent: Mapped[int]


NUMBER = select(Book.times_lent)
STORE = update(Book)


# section: race
def race(engine: Engine, level: str) -> None:
    print(level)
    with engine.connect() as left, engine.connect() as right:
        for desk in (left, right):
            desk.execution_options(isolation_level=level)
        seen = [desk.scalar(NUMBER) for desk in (left, right)]
        for desk, number in zip((left, right), seen, strict=True):
            store(desk, STORE.values(times_lent=number + 1))
    print("  lent twice, counted", counted(engine))


def store(desk: Connection, statement) -> None:
    try:
        desk.execute(statement)
        desk.commit()
    except DBAPIError as error:
        desk.rollback()
        print(f"  refused: {reason(error)}")


# end section: race
def counted(engine: Engine) -> int | None:
    with engine.begin() as connection:
        number = connection.scalar(NUMBER)
        connection.execute(STORE.values(times_lent=0))
    return number


with database() as engine:
    with engine.begin() as connection:
        connection.execute(Book.__table__.insert().values(times_lent=0))
    for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        race(engine, level)
