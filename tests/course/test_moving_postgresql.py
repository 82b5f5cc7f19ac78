"""Step 7 moves a PostgreSQL from one release to the next, under load, and back when that fails.

``TEST_POSTGRES_URL`` names a database of a server, as in ``test_postgresql.py``.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from checker.author.trees import solved, write_tree
from checker.course import Course

STEP = next(step for step in Course.load(Path(__file__).parents[2]).steps if step.number == 7)
ROWS = 3000


def flask(folder: Path, database: str, *command: str) -> subprocess.CompletedProcess[str]:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian keeps pg_dump there
    path = os.pathsep.join([*map(str, versions[-1:]), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": database, "APP_ENV": "development", "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def all_rows(database: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            str(name): sorted(connection.execute(f'TABLE "{name}"').fetchall(), key=str)
            for (name,) in tables
        }


def write_as_the_old_code_does(database: str, stop: threading.Event, written: list[str]) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        while not stop.is_set():
            name = f"written meanwhile, {len(written)}"
            connection.execute("INSERT INTO authors (name) VALUES (%s)", [name])
            connection.execute(
                "UPDATE authors SET name = name || ' again' WHERE id = %s",
                [1 + len(written) % ROWS],
            )
            written.append(name)


def test_a_running_writer_loses_nothing(tmp_path: Path, database: str) -> None:
    write_tree(solved(STEP), tmp_path)
    assert flask(tmp_path, database, "db", "upgrade", "0004").returncode == 0
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, %s) n", [ROWS]
        )
    stop, written = threading.Event(), list[str]()
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_as_the_old_code_does, database, stop, written)
        try:
            done = flask(tmp_path, database, "safe-upgrade", str(tmp_path / "backups"))
            at_the_end = len(written)
        finally:
            stop.set()
        writer.result()  # a statement that was refused is a row that somebody lost

    assert done.returncode == 0, done.stdout
    assert at_the_end > 0, "nobody wrote while the migrations ran"
    (backup,) = (tmp_path / "backups").glob("*.backup")
    in_backup = backup.read_text(encoding="utf-8").count("written meanwhile")
    assert at_the_end > in_backup, "nobody wrote after the back-up was made"
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT name, full_name FROM authors").fetchall()
    assert len(rows) == ROWS + len(written)
    assert [row for row in rows if row[0] != row[1]] == []

    later = tmp_path / "migrations" / "later" / "0007_contract_author_name.py"
    shutil.move(later, tmp_path / "migrations" / "versions")
    before = {row[0] for row in rows}
    for way in ("upgrade", "downgrade", "upgrade"):
        done = flask(tmp_path, database, "db", way)
        assert done.returncode == 0, done.stdout
    with psycopg.connect(database) as connection:
        after = connection.execute("SELECT full_name FROM authors").fetchall()
    assert {name for (name,) in after} == before
    assert len(after) == len(rows)


WAITS = "SELECT 1 FROM pg_locks WHERE relation = 'authors'::regclass AND NOT granted"


def test_a_migration_that_has_to_wait_lets_others_go_first(tmp_path: Path, database: str) -> None:
    write_tree(solved(STEP), tmp_path)
    assert flask(tmp_path, database, "db", "upgrade", "0004").returncode == 0
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as slow:
        slow.execute("SELECT name FROM authors")  # and its transaction stays open
        upgrade = pool.submit(flask, tmp_path, database, "db", "upgrade")
        with psycopg.connect(database, autocommit=True) as other:
            while other.execute(WAITS).fetchone() is None and not upgrade.done():
                time.sleep(0.02)
            other.execute("SET statement_timeout = '60s'")
            other.execute("INSERT INTO authors (name) VALUES ('written meanwhile')")
        assert not upgrade.done(), upgrade.result().stdout
        slow.commit()
        done = upgrade.result()

    assert done.returncode == 0, done.stdout
    assert "others go first" in done.stdout
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT name, full_name FROM authors").fetchall()
    assert rows == [("written meanwhile", "written meanwhile")]


FAILS = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "0006", None, None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DELETE FROM authorships")
        op.execute("CREATE TABLE half (id INTEGER)")
    raise RuntimeError("not like this")
"""


def test_a_failed_upgrade_is_taken_back(tmp_path: Path, database: str) -> None:
    write_tree(solved(STEP), tmp_path)
    assert flask(tmp_path, database, "db", "upgrade").returncode == 0
    assert flask(tmp_path, database, "seed").returncode == 0
    before = all_rows(database)
    (tmp_path / "migrations" / "versions" / "9999_fails.py").write_text(FAILS, encoding="utf-8")

    done = flask(tmp_path, database, "safe-upgrade", str(tmp_path / "backups"))

    assert done.returncode == 1, done.stdout
    (backup,) = (tmp_path / "backups").iterdir()
    assert str(backup) in done.stdout.replace("\n", "")
    assert "not like this" in done.stdout
    assert all_rows(database) == before
