"""Indexes that hold less than the table, and indexes that hold all that is asked for."""

from library import DATABASE, Base, database, plan
from sqlalchemy import Index, insert, select, text
from sqlalchemy.orm import Mapped, mapped_column

# section: model
OPEN = text("returned_on IS NULL")
ONLY_OPEN = {"sqlite_where": OPEN, "postgresql_where": OPEN}


class Loan(Base):
    __tablename__ = "loans"
    __table_args__ = (
        Index("open_loans", "due_on", **ONLY_OPEN),
        Index("by_user", "user_id", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    due_on: Mapped[str]
    returned_on: Mapped[str | None]


# end section: model
with database() as engine:
    with engine.begin() as connection:
        rows = [
            {
                "user_id": n % 200,
                "due_on": f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
                "returned_on": None if n % 50 == 0 else "2026-12-31",
            }
            for n in range(6000)
        ]
        connection.execute(insert(Loan), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if DATABASE == "postgresql":
            connection.execute(text("VACUUM ANALYZE loans"))
        else:
            connection.execute(text("ANALYZE"))
    # section: questions
    overdue = Loan.due_on < "2026-02"
    is_open = Loan.returned_on.is_(None)
    few = select(Loan.id, Loan.user_id)
    of_user = Loan.user_id == 7
    questions = {
        "overdue and open": few.where(overdue, is_open),
        "overdue, whatever": few.where(overdue),
        "when is it due": select(Loan.due_on).where(of_user),
        "and is it back": select(Loan.due_on, Loan.returned_on).where(of_user),
    }
    for name, query in questions.items():
        print(name)
        plan(engine, query)
    # end section: questions
