"""A migration that waits for a report, and what waits for the migration."""

from library import Base, database, reason
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]


def attempt(connection: Connection, *statements: str) -> None:
    try:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
        print("done:   ", statements[-1])
    except DBAPIError as error:
        connection.rollback()
        print("refused:", statements[-1])
        print("        ", reason(error))


with database() as engine:
    with engine.begin() as connection:
        connection.execute(insert(Loan), [{"user_id": 1}, {"user_id": -1}])
    # section: waiting
    with engine.connect() as report, engine.connect() as migration:
        report.execute(select(Loan)).all()  # and does not commit
        attempt(
            migration,
            "SET LOCAL lock_timeout = '100ms'",
            "ALTER TABLE loans ADD COLUMN note text",
        )
        report.rollback()
        attempt(
            migration,
            "SET LOCAL lock_timeout = '100ms'",
            "ALTER TABLE loans ADD COLUMN note text",
        )
    # end section: waiting
    # section: gently
    with engine.connect() as migration:
        attempt(
            migration,
            "CREATE INDEX CONCURRENTLY by_user ON loans (user_id)",
        )
        attempt(
            migration,
            "ALTER TABLE loans ADD CHECK (user_id > 0) NOT VALID",
        )
        attempt(migration, "INSERT INTO loans (user_id) VALUES (-2)")
        attempt(migration, "ALTER TABLE loans VALIDATE CONSTRAINT loans_user_id_check")
        attempt(
            migration,
            "UPDATE loans SET user_id = 2 WHERE user_id < 0",
            "ALTER TABLE loans VALIDATE CONSTRAINT loans_user_id_check",
        )
    # end section: gently
