"""SQLite, made to behave like the database in production."""

from typing import Any

from sqlalchemy import Connection, Engine, event

BUSY_TIMEOUT_SECONDS = 10


def prepare(engine: Engine) -> None:
    """Have ``engine`` check foreign keys, and begin its transactions for real.

    Python's ``sqlite3`` starts a transaction only before the first write, so that what was
    read before may be out of date. Here each one takes the writer's place at once, and waits
    for it up to ten seconds: one after the other, none fails half-way. For another database
    than SQLite there is nothing to do.
    """
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)


def configure(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 leaves BEGIN to us
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")


def begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
