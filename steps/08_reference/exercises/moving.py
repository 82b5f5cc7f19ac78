"""A database in a file that moves from one migration to the next while people use it.

Runs in the app's process, as world.py does, and judges as little.
"""

import datetime
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import world

EXPAND, FILL, CONTRACT = "0005", "0006", "0007"
TEMPLATE: list[sqlite3.Connection] = []
"""The database before ``EXPAND``, for all tests of a run."""


class House:
    """The library's database, beside the app that migrates it."""

    def __init__(self, file: Path, config: Config) -> None:
        self.file = file
        self.config = config
        script = ScriptDirectory.from_config(config).get_revision(EXPAND)
        self.before = str(script.down_revision) if script is not None else ""

    def go(self, target: str) -> None:
        """Migrate to this revision; ``"before"`` is the one before ``EXPAND``."""
        wanted = self.before if target == "before" else target
        if wanted < (self.revision() or ""):
            command.downgrade(self.config, wanted)
        else:
            command.upgrade(self.config, wanted)

    def revision(self) -> str | None:
        from app.extensions import db

        with db.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            if "alembic_version" not in names:
                return None
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return None if found is None else str(found)

    def say(self, statement: str, *values: object) -> list[list[Any]]:
        """What another process would be answered; what it changes is committed."""
        return speak(self.file, statement, *values)


def speak(file: Path, statement: str, *values: object) -> list[list[Any]]:
    with closing(sqlite3.connect(file, timeout=2)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return [list(row) for row in connection.execute(statement, values)]


@contextmanager
def house() -> Iterator[House]:
    """Within the context of an app whose database is a file, at the revision before ``EXPAND``."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "library.db"
        with world.environment(TEST_DATABASE_URL=f"sqlite:///{file}"):
            from app import create_app

            app = create_app("testing")
        with app.app_context():
            from app.extensions import db, migrate

            place = Path(migrate.directory)
            config = migrate.get_config()
            folders = os.pathsep.join(str(place / name) for name in ("versions", "later"))
            config.set_main_option("version_locations", folders)
            config.set_main_option("path_separator", "os")
            here = House(file, config)
            with closing(sqlite3.connect(file)) as empty:
                if TEMPLATE:
                    TEMPLATE[0].backup(empty)
            if not TEMPLATE:
                here.go("before")
                TEMPLATE.append(sqlite3.connect(":memory:"))
                with closing(sqlite3.connect(file)) as made:
                    made.backup(TEMPLATE[0])
            try:
                yield here
            finally:
                db.session.remove()
                db.engine.dispose()


@contextmanager
def between(action: Callable[[], None]) -> Iterator[None]:
    """Call this before each transaction that the app begins, while none is open."""
    from app.extensions import db

    def begin(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            action()

    sa.event.listen(db.engine, "before_cursor_execute", begin)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", begin)


@contextmanager
def clock(module: ModuleType, seconds: float) -> Iterator[None]:
    """Clocks of ``module`` begin so many seconds after one and the same moment.

    Sleeping moves them on, and each look does, by a millisecond: whoever waits for another moment
    gets it.
    """
    at = [datetime.datetime(2031, 5, 7, 9, tzinfo=datetime.UTC).timestamp() + seconds]

    def sleep(length: float) -> None:
        at[0] += length

    def read(given: float | None = None) -> float:
        sleep(0.001)
        return at[0] if given is None else given

    class Moment(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Moment":
            return cls.fromtimestamp(read(), tz)

        @classmethod
        def utcnow(cls) -> "Moment":
            return cls.fromtimestamp(read(), datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> "Moment":
            return cls.fromtimestamp(read())

    class Day(datetime.date):
        @classmethod
        def today(cls) -> "Day":
            return cls.fromtimestamp(read())

    others: dict[str, dict[str, Any]] = {
        "datetime": {"datetime": Moment, "date": Day},
        "time": {
            "time": read,
            "time_ns": lambda: round(read() * 1e9),
            "sleep": sleep,
            "gmtime": lambda given=None: time.gmtime(read(given)),
            "localtime": lambda given=None: time.localtime(read(given)),
            "ctime": lambda given=None: time.ctime(read(given)),
            "asctime": lambda given=None: time.asctime(given or time.localtime(read())),
            "strftime": lambda form, given=None: time.strftime(
                form, given or time.localtime(read())
            ),
        },
    }
    stand_ins = {}
    for name, new in others.items():
        real = sys.modules[name]
        stand_ins[id(real)] = SimpleNamespace(**{**vars(real), **new})
        stand_ins |= {id(getattr(real, each)): value for each, value in new.items()}
    imported = {name: sys.modules[name] for name in others}
    known = dict(vars(module))
    for name, value in known.items():
        setattr(module, name, stand_ins.get(id(value), value))
    for name, real in imported.items():
        sys.modules[name] = stand_ins[id(real)]  # type: ignore[assignment]  # from within a function
    try:
        yield
    finally:
        sys.modules.update(imported)
        for name, value in known.items():
            setattr(module, name, value)


def everything(file: Path) -> dict[str, Any]:
    """The whole database: what it was made by, and each row of each table."""
    made = speak(file, "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    tables = sorted(str(name) for kind, name, _ in made if kind == "table")
    rows = {table: speak(file, f'SELECT * FROM "{table}" ORDER BY 1') for table in tables}  # noqa: S608
    return {"schema": sorted(made, key=str), "rows": rows}


def shape(file: Path) -> dict[str, Any]:
    """The columns, keys and indexes of the authors, and what fires on them."""
    engine = sa.create_engine(f"sqlite:///{file}")
    look = sa.inspect(engine)
    columns = {
        column["name"]: [str(column["type"]), column["nullable"]]
        for column in look.get_columns("authors")
    }
    facts = {
        "columns": columns,
        "key": look.get_pk_constraint("authors"),
        "indexes": sorted(str(index["name"]) for index in look.get_indexes("authors")),
        "triggers": len(speak(file, "SELECT 1 FROM sqlite_master WHERE type = 'trigger'")),
    }
    engine.dispose()
    return facts


@contextmanager
def planted(source: str) -> Iterator[str]:
    """One migration more, at the end: its upgrade() is this. Yields its revision.

    In a copy of the folder, so that it is found by whoever looks there, and by whoever asks
    Flask-Migrate for its configuration.
    """
    from flask import current_app

    from app.extensions import migrate

    head = ScriptDirectory.from_config(migrate.get_config()).get_current_head()
    kept, of_app = migrate.directory, current_app.extensions["migrate"]
    with TemporaryDirectory() as folder:
        place = Path(folder, "migrations")
        shutil.copytree(kept, place, ignore=shutil.ignore_patterns("__pycache__", "later"))
        body = "".join(f"    {line}\n" for line in source.splitlines())
        Path(place, "versions", "9999_planted.py").write_text(
            "from alembic import op\n"
            f'revision = "9999"\ndown_revision = "{head}"\nbranch_labels = depends_on = None\n'
            f"def upgrade() -> None:\n{body}",
            encoding="utf-8",
        )
        migrate.directory = of_app.directory = str(place)
        try:
            yield "9999"
        finally:
            migrate.directory = of_app.directory = kept
