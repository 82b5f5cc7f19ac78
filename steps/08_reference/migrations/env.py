"""What Alembic runs for every ``flask db`` command: the app's database, and its models."""

import logging
from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection

import app.models  # noqa: F401 - Alembic compares what has been imported
from app.database import Base, UTCDateTime
from app.extensions import db

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
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        check_foreign_keys(connection, "ON")


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
