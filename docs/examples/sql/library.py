"""What the examples of the deep dive share: a base class, and a database to themselves.

Each program takes the database's name, ``sqlite`` unless it is told otherwise. For
``postgresql`` the address of a server is in ``TEST_POSTGRES_URL``; the tables go into a schema
of their own, and both are dropped at the end.
"""

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, Select, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import CreateSchema, DropSchema

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (COSTS OFF)"}
DATABASE = sys.argv[1] if len(sys.argv) > 1 else "sqlite"


class Base(DeclarativeBase):
    pass


@contextmanager
def database(begin: str | None = "BEGIN") -> Iterator[Engine]:
    """An empty database with the tables of ``Base``, for as long as the block lasts.

    On SQLite ``begin`` starts each transaction; ``None`` leaves that to Python's driver.
    """
    with ExitStack() as stack:
        if DATABASE == "postgresql":
            engine = stack.enter_context(on_postgresql())
        else:
            engine = stack.enter_context(on_sqlite(begin))
        Base.metadata.create_all(engine)
        yield engine


@contextmanager
def on_sqlite(begin: str | None) -> Iterator[Engine]:
    # Windows does not remove a file that an engine of somebody else still holds.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "library.db"
        engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.1})
        event.listen(engine, "connect", configure)
        if begin is not None:
            # sqlite3 would begin only before the first write: leave that to us.
            event.listen(
                engine,
                "connect",
                lambda raw, _: setattr(raw, "isolation_level", None),
            )
            event.listen(engine, "begin", lambda each: each.exec_driver_sql(begin))
        yield engine
        engine.dispose()


def configure(raw: Any, record: object) -> None:
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
    raw.execute("PRAGMA synchronous = OFF")  # it is thrown away anyway


@contextmanager
def on_postgresql() -> Iterator[Engine]:
    server = os.environ.get("TEST_POSTGRES_URL", "postgresql://localhost/postgres")
    url = make_url(server).set(drivername="postgresql+psycopg")
    schema = f"deep_dive_{uuid4().hex}"
    engine = create_engine(url, connect_args={"options": f"-csearch_path={schema}"})
    with engine.begin() as connection:
        connection.execute(CreateSchema(schema))
    try:
        yield engine
    finally:
        with engine.begin() as connection:
            connection.execute(DropSchema(schema, cascade=True))
        engine.dispose()


@contextmanager
def spoken(engine: Engine) -> Iterator[list[str]]:
    """Prints each statement as it is sent, and lists those of the block."""
    sent: list[str] = []

    def hear(connection, cursor, text, values, context, many):
        if text != "BEGIN":
            sent.append(text)
            print(written(text, values))

    listeners = {
        "before_cursor_execute": hear,
        "begin": lambda connection: print("BEGIN"),
        "commit": lambda connection: print("COMMIT"),
        "rollback": lambda connection: print("ROLLBACK"),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield sent
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def written(text: str, values: Any) -> str:
    """A statement as it was sent, in lines that can be read, and its values as a comment.

    What is alike four times and more in a row is written twice, and the others are counted.
    """
    line = " ".join(text.split())
    group = r"\((?:[^()]|\([^()]*\))*\)"
    line = re.sub(rf"({group}, {group}), {group}(?:, {group})+", shortened, line)
    shown = list(values.values() if isinstance(values, dict) else values)
    more = f" … {len(shown)} in all" if len(shown) > 6 else ""
    comment = f"-- {', '.join(map(repr, shown[:6]))}{more}" if shown else ""
    if len(line) + len(comment) <= 70:
        return f"{line}  {comment}".rstrip()
    lines = textwrap.wrap(line, 72, subsequent_indent="    ", break_long_words=False)
    return "\n".join([*lines, *([f"    {comment}"] if shown else [])])


def shortened(match: re.Match[str]) -> str:
    count = len(re.findall(r"\((?:[^()]|\([^()]*\))*\)", match[0]))
    return f"{match[1]}, … {count} in all"


def plan(engine: Engine, query: Select[Any]) -> None:
    """Prints how the database would answer, in its own words."""
    with engine.connect() as connection:
        explain = EXPLAIN[DATABASE]
        text = query.compile(engine, compile_kwargs={"literal_binds": True})
        for row in connection.exec_driver_sql(f"{explain} {text}"):
            print(f"    {row[-1]}")


def reason(error: DBAPIError) -> str:
    """The first line of what the database said."""
    return str(error.orig).splitlines()[0]
