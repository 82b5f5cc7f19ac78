"""Nobody has more than five books. Two desks count four, and both lend."""

from library import Base, database, reason
from sqlalchemy import (
    Connection,
    Engine,
    ForeignKey,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


# section: desks
def may_lend(desk: Connection) -> bool:
    open_loans = desk.scalar(select(func.count(Loan.id)).where(Loan.user_id == 1)) or 0
    return open_loans < 5


def both_lend(engine: Engine, level: str) -> None:
    with engine.connect() as left, engine.connect() as right:
        desks = [left, right]
        for desk in desks:
            desk.execution_options(isolation_level=level)
        allowed = [may_lend(desk) for desk in desks]
        for desk, free in zip(desks, allowed, strict=True):
            try:
                if free:
                    desk.execute(insert(Loan).values(user_id=1))
                desk.commit()
            except DBAPIError as error:
                desk.rollback()
                print("  refused:", reason(error))


# end section: desks
# section: locked
def both_lock_first(engine: Engine) -> None:
    lock = select(User).where(User.id == 1).with_for_update(nowait=True)
    with engine.connect() as left, engine.connect() as right:
        left.execute(lock)
        try:
            right.execute(lock)
        except DBAPIError as error:
            right.rollback()
            print("  the second waits:", reason(error))
        if may_lend(left):
            left.execute(insert(Loan).values(user_id=1))
        left.commit()
        right.execute(lock)
        print("  the second may lend:", may_lend(right))


# end section: locked
def afresh(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Loan))
        connection.execute(insert(Loan), [{"user_id": 1}] * 4)


def loans(engine: Engine) -> int | None:
    with engine.connect() as connection:
        return connection.scalar(select(func.count(Loan.id)))


with database() as engine:
    with engine.begin() as connection:
        connection.execute(insert(User).values(id=1))
    for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        afresh(engine)
        print(level)
        both_lend(engine, level)
        print(f"  {loans(engine)} loans")
    afresh(engine)
    print("READ COMMITTED, the user's row locked")
    both_lock_first(engine)
    print(f"  {loans(engine)} loans")
