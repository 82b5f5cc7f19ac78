"""What Alembic runs for every ``flask db`` command: the app's database, and its models."""

import logging
import time
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

import app.models  # noqa: F401 - Alembic compares what has been imported
from app.database import Base, UTCDateTime
from app.extensions import db

LOCK_TIMEOUT_MS = 3000
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's word for who has waited that long

# Where the app logs already, its handlers and loggers stay as they are.
if context.config.config_file_name is not None and not logging.getLogger().handlers:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own type as what it is in the database: a migration outlives the code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=Base.metadata,
        render_item=render_item,
        transactional_ddl=True,  # app/sqlite.py begins for real: a failed migration leaves nothing
        **current_app.extensions["migrate"].configure_args,
        **options,
    )


def run_offline() -> None:
    """Print the SQL instead of running it: ``flask db upgrade --sql``."""
    configure(url=db.engine.url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    with db.engine.connect() as connection:
        check_foreign_keys(connection, "OFF")
        wait_for_locks(connection, LOCK_TIMEOUT_MS)
        configure(connection=connection)
        while not migrated():
            time.sleep(1)
        wait_for_locks(connection, "DEFAULT")
        check_foreign_keys(connection, "ON")


def migrated() -> bool:
    """Whether the migrations got through; if not, they have to begin again where they were."""
    try:
        with context.begin_transaction():
            context.run_migrations()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        logging.getLogger("alembic.env").warning(
            "somebody holds what this migration needs; others go first, then it tries again."
            " Who it is: SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start"
        )
        return False
    return True


def wait_for_locks(connection: Connection, limit_ms: int | Literal["DEFAULT"]) -> None:
    """PostgreSQL has everybody wait who comes after an ALTER TABLE that waits for a lock.

    So none waits for long. That is no failure, for which a back-up would be put back: it is
    tried again.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = {limit_ms}")
        connection.commit()


def check_foreign_keys(connection: Connection, switch: Literal["ON", "OFF"]) -> None:
    """SQLite changes a table by copying it and dropping the old one.

    With its foreign keys checked, the rows that point to the old one would go with it. The
    switch has no effect within a transaction: hence past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute(f"PRAGMA foreign_keys = {switch}")


if context.is_offline_mode():
    run_offline()
else:
    run_online()
