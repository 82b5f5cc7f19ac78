"""Page 150 of a history, by offset and by key: what the database has to do."""

import re

from library import DATABASE, Base, database, plan
from sqlalchemy import Engine, Index, Select, insert, select, text, tuple_
from sqlalchemy.orm import Mapped, mapped_column


class Loan(Base):
    __tablename__ = "loans"
    __table_args__ = (Index("history", "borrowed_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    borrowed_at: Mapped[int]


# section: pages
latest_first = (Loan.borrowed_at.desc(), Loan.id.desc())
newest = select(Loan.id).order_by(*latest_first).limit(20)
by_offset = newest.offset(149 * 20)
by_key = newest.where(tuple_(Loan.borrowed_at, Loan.id) < (1510, 3021))
spelt_out = newest.where(
    (Loan.borrowed_at < 1510) | ((Loan.borrowed_at == 1510) & (Loan.id < 3021)),
)


# end section: pages
def rows_read(engine: Engine, query: Select[tuple[int]]) -> None:
    """What PostgreSQL counted while it ran the query, without times, blocks and memory."""
    compiled = query.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)"
        for row in connection.exec_driver_sql(f"{explain} {compiled}"):
            if not re.match(r" *(Heap|Buffers|Sort Method|Index Searches)", row[0]):
                print("   ", row[0].replace(".00 ", " "))


with database() as engine:
    with engine.begin() as connection:
        rows = [{"id": n, "borrowed_at": n // 2} for n in range(1, 6001)]
        connection.execute(insert(Loan), rows)
        connection.execute(text("ANALYZE"))
    pages = {
        "by offset": by_offset,
        "by key": by_key,
        "by key, spelt out": spelt_out,
    }
    with engine.connect() as connection:
        print(
            "the same page:",
            len({tuple(connection.scalars(q)) for q in pages.values()}) == 1,
        )
    for name, query in pages.items():
        print(name)
        if DATABASE == "postgresql":
            rows_read(engine, query)
        else:
            plan(engine, query)
