"""A refused transaction is tried again, from its first statement on."""

from collections.abc import Callable
from typing import TypeVar

from library import Base, database
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)


Result = TypeVar("Result")


# section: again
TRY_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock


def in_transaction(engine: Engine, work: Callable[[Session], Result]) -> Result:
    serializable = engine.execution_options(isolation_level="SERIALIZABLE")
    for attempt in range(1, 4):
        try:
            with Session(serializable) as session, session.begin():
                return work(session)
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None)
            print("attempt", attempt, "ended with", code)
            if code not in TRY_AGAIN or attempt == 3:
                raise
    raise AssertionError("unreachable")


# end section: again
meddled: list[bool] = []


# section: work
def lend(session: Session) -> int:
    number = session.scalar(select(func.count(Loan.id))) or 0
    if not meddled:
        meddled.append(True)
        in_transaction(engine, lend)  # somebody else, at the worst moment
    session.add(Loan(id=number + 1))
    session.flush()
    return number + 1


# end section: work
with database() as engine:
    print("stored as loan", in_transaction(engine, lend))
