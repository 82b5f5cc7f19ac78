"""Back-ups: the whole database in one file, and the way back.

SQLite copies itself. For PostgreSQL its own programs do the work, ``pg_dump`` and ``psql``, which
Debian has in ``postgresql-client``; the password goes to them through the environment, because
everybody on a machine can read the command line of a process.
"""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine


class BackupError(Exception):
    """There is no back-up, or it could not be put back. The message says why."""


def dump(engine: Engine, file: Path) -> None:
    """Write the whole database to ``file``, as it is at one moment; others go on working.

    ``file`` is there already, empty. Raises ``BackupError``; what is in ``file`` then is useless.
    """
    if engine.dialect.name == "sqlite":
        if not engine.url.database or ":memory:" in engine.url.database:
            raise BackupError("the database is in memory, and gone with this process in any case")
        with closing(engine.raw_connection()) as live, closing(sqlite3.connect(file)) as target:
            copy_sqlite(live, target)
    else:
        postgres("pg_dump", engine, "--file", str(file))


def restore(engine: Engine, file: Path) -> None:
    """Make the database what it was at the ``dump`` to ``file``, in one step or not at all.

    Whatever came later is gone. No connection of this process may be in a transaction. Raises
    ``BackupError``.
    """
    engine.dispose()
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(file)) as source, closing(engine.raw_connection()) as live:
            copy_sqlite(source, live)
    else:
        clear = ["--command", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"]
        at_once = ["--single-transaction", "--set", "ON_ERROR_STOP=1", "--no-psqlrc", "--quiet"]
        postgres("psql", engine, *at_once, *clear, "--file", str(file))


def copy_sqlite(source: Any, target: Any) -> None:
    """From one connection to another; SQLAlchemy's stand in for those of ``sqlite3``."""
    one, other = (getattr(each, "driver_connection", each) for each in (source, target))
    try:
        one.backup(other)
    except sqlite3.Error as error:
        raise BackupError(f"SQLite: {error}") from error


def postgres(program: str, engine: Engine, *arguments: str) -> None:
    at = engine.url
    address = URL.create(
        "postgresql", at.username, None, at.host, at.port, at.database, at.query
    ).render_as_string()
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    if at.password:
        environment["PGPASSWORD"] = at.password
    try:
        done = subprocess.run(
            [program, "--dbname", address, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise BackupError(f"there is no {program} here: postgresql-client has it") from None
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()}")
