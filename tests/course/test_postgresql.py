"""From step 2 on the app keeps its data in PostgreSQL too: run for real, where there is a server.

``TEST_POSTGRES_URL`` names a database of it, such as postgresql://localhost/postgres; the user may
create others, and each test works in one of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from checker.author.diffs import apply_patch
from checker.author.trees import Blob, read_tree, solved, write_tree
from checker.course import Course, Step

STEPS = [step for step in Course.load(Path(__file__).parents[2]).steps if step.number >= 2]
# As one process, for it takes much longer to start than each of them.
THERE_AND_BACK = """
from flask.cli import FlaskGroup
from wsgi import app

for command in ("db upgrade", "db check", "seed", "db downgrade base"):
    if FlaskGroup(create_app=lambda: app).main(command.split(), "flask", standalone_mode=False):
        raise SystemExit(f"flask {command} failed")
"""


def unlike(*parts: str) -> pytest.MarkDecorator:
    """Each step whose ``parts`` differ from those of the step before: others show nothing new."""
    steps, before = [], None
    for step in STEPS:
        mine = {path: blob for path, blob in solved(step).items() if path.startswith(parts)}
        if mine != before:
            steps.append(step)
        before = mine
    return in_each(steps)


def in_each(steps: list[Step]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("app_folder", steps, ids=lambda step: step.name, indirect=True)


@pytest.fixture
def app_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write_tree(solved(request.param), tmp_path)
    return tmp_path


def run(folder: Path, *command: str, **environment: str) -> str:
    """What the command printed; a command that fails fails the test, with its words."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
    return done.stdout


# Between these two a test is lost only if the step after it has lost it, too.
@in_each([STEPS[0], STEPS[-1]])
def test_the_app_passes_its_own_tests(app_folder: Path, database: str) -> None:
    output = run(app_folder, "pytest", "-q", "tests", TEST_DATABASE_URL=database)

    assert " passed" in output
    assert "skipped" not in output
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert tables == (1,), "the tests did not run on the database they were given"


@unlike("migrations/", "app/models/", "app/seed.py")
def test_migrations_make_the_tables_of_the_models_and_take_them_back(
    app_folder: Path, database: str
) -> None:
    (app_folder / "there_and_back.py").write_text(THERE_AND_BACK, encoding="utf-8")
    settings = {"DATABASE_URL": database, "APP_ENV": "development"}
    output = run(app_folder, "there_and_back", **settings)

    assert output.index("Running upgrade") < output.index("60 books")
    assert output.index("60 books") < output.index("Running downgrade")
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    assert tables == [("alembic_version",)]


# What the service at our desk says when the other desk was faster.
RACES = {
    "a book is removed before we lock it": "NotFound",
    "a book is removed before we remove it": "done",  # our lock was there first
    "a book is replaced before we remove it": "done",
    "a book is removed before we replace it": "Conflict",
    "a book is replaced before we replace it": "Conflict",
    "a book is removed before we lock it for a copy": "NotFound",
    "a book is removed before we add a copy": "done",  # and here
    "a copy is lent before we lend it": "Conflict",
    "a copy comes back before we take it back": "Conflict",
}


@unlike(
    "app/models/",
    *(f"app/services/{name}.py" for name in ("books", "copies", "loans", "transaction")),
    "app/extensions.py",
)
def test_the_slower_of_two_desks_is_told_so(app_folder: Path, database: str) -> None:
    script = Path(__file__).with_name("races") / "desks.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=app_folder,
        env={**os.environ, "TEST_DATABASE_URL": database},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == RACES


def test_conditions_hold_for_several_at_once(database: str, tmp_path: Path) -> None:
    (step,) = [step for step in STEPS if step.number == 5]
    write_tree(solved(step), tmp_path)
    (tmp_path / "conditions.py").write_bytes(
        (Path(__file__).with_name("races") / "conditions.py").read_bytes()
    )
    output = run(tmp_path, "conditions", TEST_DATABASE_URL=database)

    assert json.loads(output.splitlines()[-1]) == {
        "the same version": {"200": 1, "412": 5},
        "any version": {"200": 6},
        "the same barcodes in two orders": {"200": 6},
    }


# Of 8.4: what became of the first desk, of the second, and of the queue.
AT_THE_QUEUE = {
    "two come back": ["done", "done", "ready ready"],
    "one comes back, one is given up": ["done", "done", "cancelled ready ready"],
    "one comes back, a stranger takes it": ["done", "copy_reserved", "ready"],
    "one comes back, a stranger reserves": ["done", "book_available", ""],
    "one is fetched and given up": ["done", "reservation_closed", "fulfilled waiting"],
    "one is fetched too late": ["done", "done", "fulfilled waiting"],
    "one reserves twice": ["done", "already_reserved", "waiting"],
    "one borrows and reserves": ["done", "done", "waiting"],
}
RESERVED = STEPS[-1]
ANSWERS = RESERVED.solutions / "alternatives" / "8.4"


def at_the_queue(tree: dict[str, Blob], folder: Path, database: str) -> dict[str, object]:
    """What ``races/queue_of_a_book.py`` finds where this is the app; the server is far from UTC."""
    write_tree(tree, folder)
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone TO 'Asia/Tokyo'")
    script = Path(__file__).with_name("races") / "queue_of_a_book.py"
    (folder / script.name).write_bytes(script.read_bytes())
    output = run(folder, script.stem, TEST_DATABASE_URL=database)
    found: dict[str, object] = json.loads(output.splitlines()[-1])
    return found


@pytest.mark.parametrize("answer", ["", *sorted(path.name for path in ANSWERS.iterdir())])
def test_two_at_a_queue_are_one_after_the_other(answer: str, database: str, tmp_path: Path) -> None:
    tree = {**solved(RESERVED), **(read_tree(ANSWERS / answer) if answer else {})}
    found = at_the_queue(tree, tmp_path, database)

    assert found["races"] == AT_THE_QUEUE
    assert found["moments"] == ["0 h", "0 h"]


# Each takes out one thing that a server of one's own shows; how many of the races are lost by it.
LOST = {
    "forgets_the_lock": 6,
    "locks_the_book_first": 1,
    "wherever_the_clock_is": 0,
}


@pytest.mark.parametrize("mistake", LOST)
def test_what_is_wrong_at_the_queue_is_seen(mistake: str, database: str, tmp_path: Path) -> None:
    patch = RESERVED.solutions / "mistakes" / "8.4" / f"{mistake}.patch"
    found = at_the_queue(apply_patch(solved(RESERVED), patch.read_bytes()), tmp_path, database)

    races = found["races"]
    assert isinstance(races, dict)
    lost = {what: races[what] for what, outcome in AT_THE_QUEUE.items() if races[what] != outcome}
    assert len(lost) == LOST[mistake], lost
    hours_off = "9 h" if mistake == "wherever_the_clock_is" else "0 h"
    assert found["moments"] == [hours_off] * 2
