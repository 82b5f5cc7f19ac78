"""Which changes of a table write every row anew? A new file on the disk tells."""

from library import Base, database
from sqlalchemy import insert, text
from sqlalchemy.orm import Mapped, mapped_column


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]


# section: changes
CHANGES = (
    "ADD COLUMN note text",
    "ADD COLUMN renewals integer NOT NULL DEFAULT 0",
    "ADD COLUMN made_at timestamptz DEFAULT clock_timestamp()",
    "ADD COLUMN barcode varchar(20)",
    "ALTER COLUMN barcode TYPE varchar(40)",
    "ALTER COLUMN barcode TYPE text",
    "ALTER COLUMN user_id TYPE bigint",
    "DROP COLUMN note",
)
FILE = text("SELECT pg_relation_filenode('loans')")
# end section: changes

with database() as engine, engine.begin() as connection:
    connection.execute(insert(Loan), [{"user_id": 1}, {"user_id": 2}])
    for change in CHANGES:
        before = connection.scalar(FILE)
        connection.execute(text(f"ALTER TABLE loans {change}"))
        rewritten = connection.scalar(FILE) != before
        print(f"{'all rows' if rewritten else 'no row':9} {change}")
