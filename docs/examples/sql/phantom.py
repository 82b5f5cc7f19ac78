"""One transaction counts twice. In between, somebody else lends a book."""

from library import Base, database
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)


# section: report
def report(engine: Engine, level: str) -> None:
    count = select(func.count(Loan.id))
    with engine.connect() as reader, engine.connect() as desk:
        reader.execution_options(isolation_level=level)
        before = reader.scalar(count)
        desk.execute(insert(Loan))
        desk.commit()
        after = reader.scalar(count)
    print(f"{level:16} first {before}, then {after}")


# end section: report
with database() as engine:
    for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        report(engine, level)
        with engine.begin() as connection:
            connection.execute(delete(Loan))
