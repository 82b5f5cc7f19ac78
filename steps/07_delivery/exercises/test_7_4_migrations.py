"""Exercise 7.4: a column gets another name under two releases, and an upgrade has a way back."""

import random
import secrets
from itertools import pairwise

import pytest

ROWS_AT_ONCE = 500


def side_by_side(people: list[str]) -> dict[str, object]:
    """After 0005: the old code and the new code write, and then both read."""
    import sqlite3

    import moving

    first, second, third, fourth, fifth = people
    both = "INSERT INTO authors (name, full_name) VALUES (?, ?)"
    old = [
        ("INSERT INTO authors (name, birth_year) VALUES (?, 1900), (?, NULL)", first, "x"),
        ("UPDATE authors SET name = ? WHERE name = 'x'", second),
    ]
    new = [
        (both, third, third),
        (both, "y", "y"),
        ("UPDATE authors SET name = ?, full_name = ? WHERE name = 'y'", fourth, fourth),
    ]
    old_again = [
        ("UPDATE authors SET name = ? WHERE name = ?", fifth, third),
        ("UPDATE authors SET birth_year = 1901 WHERE name = ?", fifth),
        ("INSERT INTO authors (name) VALUES ('gone')",),
        ("DELETE FROM authors WHERE name = 'gone'",),
    ]
    read = "SELECT name, full_name FROM authors WHERE name <> 'there before' ORDER BY id"
    with moving.house() as house:
        house.say("INSERT INTO authors (name) VALUES (?)", "there before")
        before = house.say("SELECT id, name FROM authors")
        house.go(moving.EXPAND)
        refused = []
        for statement in [*old, *new, *old_again, (read,)]:
            try:
                after = house.say(*statement)
            except sqlite3.Error as error:
                refused.append(f"{statement[0]}: {error}")
        if refused:
            return {"refused": refused[0]}
        untouched = house.say("SELECT id, name, full_name FROM authors WHERE name = 'there before'")
        return {"refused": "", "before": before, "untouched": untouched, "after": after}


def the_shape(way: list[str]) -> list[object]:
    import moving

    with moving.house() as house:
        house.say("INSERT INTO authors (name) VALUES ('Ada'), ('Zoë')")
        found = [moving.shape(house.file)]
        for target in way:
            house.go(target)
            found.append(moving.shape(house.file))
        return [found, house.say("SELECT name FROM authors ORDER BY id")]


def fill_up(count: int, break_off: int) -> dict[str, object]:
    """0006 on so many rows, while others write; how many were filled at each commit.

    It is broken off after so many transactions, and begun again. Some were deleted long ago: of
    five ids one is there.
    """
    import moving

    seen = []
    with moving.house() as house:
        house.say(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO authors (id, name) SELECT i * 5, 'author ' || i FROM n",
            count,
        )
        house.go(moving.EXPAND)

        if "full_name" not in moving.shape(house.file)["columns"]:
            house.say("ALTER TABLE authors ADD COLUMN full_name VARCHAR(200)")  # 0005's, not 0006's

        def look() -> None:
            ((filled,),) = house.say("SELECT count(full_name) FROM authors")
            seen.append(filled)
            if len(seen) == break_off:
                raise InterruptedError("the power is gone")
            if filled and filled < count and "meanwhile" not in done:
                done.append("meanwhile")
                house.say("INSERT INTO authors (name) VALUES ('new')")
                house.say("UPDATE authors SET name = 'one that was filled' WHERE id = 5")
                house.say("UPDATE authors SET name = 'the last one' WHERE id = ?", 5 * count)
                house.say("DELETE FROM authors WHERE id = ?", 5 * count - 5)

        done: list[str] = []
        broken = False
        with moving.between(look):
            try:
                house.go(moving.FILL)
            except InterruptedError:
                broken = True
                house.go(moving.FILL)
        rows = house.say("SELECT id, name, full_name FROM authors ORDER BY id")
        house.go(moving.EXPAND)
        back = house.say("SELECT id, name, full_name FROM authors ORDER BY id")
        return {"seen": seen, "rows": rows, "broken": broken, "same": rows == back}


def contracted(way: list[str], spoil: bool) -> dict[str, object]:
    """A library with books after 0006, and what is left of it along the way."""
    import sqlite3

    import moving

    import world

    with moving.house() as house:
        author, other = world.add_author(), world.add_author()
        world.add_book(author_ids=[author, other])
        house.go(moving.FILL)
        if spoil and moving.shape(house.file)["columns"].get("full_name", [0, 0])[1]:
            house.say("UPDATE authors SET full_name = NULL WHERE id = ?", other)
        before = moving.everything(house.file)
        said = ""
        try:
            for target in way:
                house.go(target)
        except Exception as error:  # noqa: BLE001 - whatever stops it
            said = f"{type(error).__name__}: {error}"
        answers = {}
        for what, statement in {
            "the new code": "INSERT INTO authors (full_name) VALUES ('Ada')",
            "the old code": "INSERT INTO authors (name) VALUES ('Bea')",
            "the old code again": "UPDATE authors SET name = 'Cleo' WHERE name = 'Bea'",
            "nobody's name": "INSERT INTO authors (birth_year) VALUES (1900)",
        }.items():
            try:
                house.say(statement)
                answers[what] = "done"
            except sqlite3.Error as error:
                answers[what] = str(error)
        after = moving.everything(house.file)
        shape = moving.shape(house.file)
        column = "full_name" if "full_name" in shape["columns"] else "name"
        table = house.say(f"SELECT {column} FROM authors ORDER BY id")  # noqa: S608
        old = (
            house.say("SELECT name FROM authors ORDER BY id") if "name" in shape["columns"] else []
        )
        return {
            "said": said,
            "before": before,
            "after": after,
            "shape": shape,
            "answers": answers,
            "names": [name for (name,) in table],
            "old names": [name for (name,) in old],
        }


def flask_db_check() -> str:
    """What ``flask db check`` says after ``flask db upgrade``; empty where all is well."""
    from alembic.util.exc import CommandError

    import world

    with world.migrated("head") as go:
        try:
            go("check")
        except CommandError as error:
            return str(error)
    return ""


def upgrade_safely(migration: str, trouble: str) -> dict[str, object]:
    """``safe_upgrade`` with one migration more, and trouble of a kind; what is found afterwards."""
    import stat
    import sys
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import moving

    import world
    from app import backups, upgrades

    during: set[str] = set()
    copies: list[object] = []

    def watched(source: object, target: object) -> None:
        if trouble == "no way back" and copies:
            raise backups.BackupError("the disk can only be read")
        copy(source, target)
        copies.append(target)
        for file in (each for each in folder.rglob("*") if each.is_file()):
            if file.suffix == ".backup":
                during.add("whole")
            above = [file, *(each for each in file.parents if folder in each.parents)]
            if all(stat.S_IMODE(each.stat().st_mode) & 0o077 for each in above):
                during.add("open")
        if trouble == "no space":
            raise backups.BackupError("No space left on device")

    def look(error: BaseException | str, path: object) -> dict[str, object]:
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        whole = [each for each in files if each.suffix == ".backup"]
        return {
            "raised": error if isinstance(error, str) else type(error).__name__,
            "message": str(error),
            "files": [each.name for each in files],
            "returned": None if path is None else str(path),
            "paths": [str(each) for each in whole],
            "private": all(stat.S_IMODE(each.stat().st_mode) & 0o077 == 0 for each in whole)
            or sys.platform == "win32",
            "backups": [moving.everything(each) for each in whole],
            "after": moving.everything(house.file),
            "revision": house.revision(),
            "before": before,
            "started": house.before,
            "during": sorted(during - ({"open"} if sys.platform == "win32" else set())),
        }

    copy = backups.copy_sqlite
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as place,
        moving.house() as house,
        moving.planted(migration),
    ):
        author = world.add_author()
        world.add_book(author_ids=[author])
        if trouble == "no revision":
            house.say("DROP TABLE alembic_version")
        before = moving.everything(house.file)
        folder = Path(place) / "of" / "backups"
        if trouble == "a file in its place":
            folder.parent.write_text("no folder", encoding="utf-8")
        found = []
        # Again within the second; and who found the name taken then may have it an hour later
        for later in (0, 0.25, 3600) if trouble == "again" else (0,):
            if later == 3600 and found[-1]["raised"] != "BackupError":
                break
            error, path = "", None
            backups.copy_sqlite = copy if found else watched
            try:
                with moving.clock(upgrades, later):
                    path = upgrades.safe_upgrade(folder)
            except (Exception, SystemExit) as raised:  # noqa: BLE001
                error = raised
            finally:
                backups.copy_sqlite = copy
            found.append(look(error, path))
        return {**found[0], "again": found[-1]}


def a_name() -> str:
    return f"{secrets.token_hex(3)} O'Brien é"


def test_old_and_new_code_work_side_by_side(inside):
    people = [a_name() for _ in range(5)]
    found = inside(side_by_side, people)
    refused = found["refused"]
    assert refused == "", f"after 0005, what code of one of the releases says is refused: {refused}"

    before, untouched = found["before"], found["untouched"]
    assert untouched == [[*row, None] for row in before], (
        "0005 changed a row that was there: that is for 0006, a little at a time"
    )
    first, second, _, fourth, fifth = people
    what = ["inserted by the old code", "inserted and then changed by the old code"]
    what += ["inserted by the new code, then changed by the old", "changed by the new code"]
    expected = [first, second, fifth, fourth]
    rows = found["after"]
    assert len(rows) == 4, f"of the four authors that both wrote, {len(rows)} are there"
    for story, name, (old, new) in zip(what, expected, rows, strict=True):
        assert old == name, f"{story}: the old code reads name, and finds something else"
        assert new == name, f"{story}: the new code reads full_name, and finds something else"


def test_it_only_adds(inside):
    (shapes, names) = inside(the_shape, ["0005", "before"])
    start, expanded, back = shapes

    added = {**start["columns"], "full_name": ["VARCHAR(200)", True]}
    assert expanded["columns"] == added, (
        "the columns of authors after 0005: full_name is a text of 200 characters that may be"
        " NULL, and the others stay as they are"
    )
    for part in ("key", "indexes"):
        assert expanded[part] == start[part], f"0005 changed another thing of the table: its {part}"
    assert back == start, "after the downgrade of 0005 the table is not as it was before"
    assert names == [["Ada"], ["Zoë"]], "there and back, and the names are others"


def test_the_database_is_what_the_models_say(inside):
    said = inside(flask_db_check)
    assert said == "", f"flask db check still finds work after flask db upgrade: {said}"


def test_it_is_filled_a_little_at_a_time(inside):
    count = random.randint(3 * ROWS_AT_ONCE, 4 * ROWS_AT_ONCE)
    found = inside(fill_up, count, 0)

    last = sum(1 for _, _, new in found["rows"] if new is not None)
    assert last, "after 0006 full_name is NULL as before: what was there is not filled"
    steps = [later - earlier for earlier, later in pairwise([0, *found["seen"], last])]
    assert max(steps) <= ROWS_AT_ONCE + 2, (
        f"{max(steps)} rows were filled between one commit and the next: {ROWS_AT_ONCE} at most,"
        " or whoever writes one of them waits for all (on SQLite an autocommit_block is one"
        " transaction, whatever is in it)"
    )
    wrong = [row for row in found["rows"] if row[1] != row[2]]
    assert wrong == [], (
        f"while the rows were filled others wrote; afterwards {len(wrong)} have another full_name"
        f" than name, such as {wrong[0] if wrong else ''}"
    )
    assert len(found["rows"]) == count, "one was added and one was removed meanwhile: rows are lost"


def test_broken_off_it_goes_on(inside):
    count = random.randint(3 * ROWS_AT_ONCE, 4 * ROWS_AT_ONCE)
    found = inside(fill_up, count, 4)

    assert found["broken"], "0006 was through after fewer than four transactions"
    assert found["same"], "the downgrade of 0006 changed rows: a filled column harms nobody"
    left = [row for row in found["rows"] if row[1] != row[2]]
    assert left == [], f"broken off and begun again, 0006 left {len(left)} rows as they were"


def test_none_of_it_is_lost_when_the_old_column_goes(inside):
    found = inside(contracted, ["0007"], spoil=False)

    assert found["said"] == "", f"0007 failed: {found['said']}"
    columns = found["shape"]["columns"]
    assert "name" not in columns, "after 0007 authors still has its name"
    assert columns.get("full_name") == ["VARCHAR(200)", False], (
        "after 0007 full_name is a text of 200 characters, and NOT NULL"
    )
    answers = found["answers"]
    assert answers["the new code"] == "done", (
        f"the code that knows full_name alone adds an author: {answers['the new code']}"
    )
    assert answers["nobody's name"] != "done", "an author without a name was accepted"
    rows, kept = found["before"]["rows"], found["after"]["rows"]
    names = [row[1] for row in rows["authors"]]
    assert found["names"] == [*names, "Ada"], "after 0007 the authors have other names"
    for table in ("authorships", "books"):
        assert kept[table] == rows[table], f"0007 changed the rows of {table}"


def test_a_row_without_the_new_name_stops_it(inside):
    found = inside(contracted, ["0007"], spoil=True)

    assert found["said"], "a row has no full_name, and 0007 dropped the only name that it has"
    before, after = found["before"], found["after"]
    assert after["schema"] == before["schema"], "0007 was stopped, and half of it stayed"
    names = [[row[0], row[1]] for row in before["rows"]["authors"]]
    got = [[row[0], row[1]] for row in after["rows"]["authors"]][: len(names)]
    assert got == names, "0007 was stopped, and the names are not what they were"


def test_the_old_column_can_come_back(inside):
    found = inside(contracted, ["0007", "0006"], spoil=False)

    assert found["said"] == "", f"the downgrade of 0007 failed: {found['said']}"
    columns = found["shape"]["columns"]
    wanted = {"name": ["VARCHAR(200)", False], "full_name": ["VARCHAR(200)", True]}
    for name, kind in wanted.items():
        assert columns.get(name) == kind, f"after the downgrade of 0007, {name} is as after 0006"
    names = [row[1] for row in found["before"]["rows"]["authors"]]
    assert found["names"] == [*names, "Cleo"], (
        "after the downgrade of 0007 the old code adds Bea, then calls her Cleo, and in full_name"
        " stand other names"
    )
    assert found["old names"] == [*names, "Cleo"], (
        "after the downgrade of 0007 the old code reads other names than there were"
    )


PASSES = "op.execute(\"INSERT INTO authors (name) VALUES ('by the migration')\")"
HALF = 'with op.get_context().autocommit_block():\n    op.execute("DELETE FROM authorships")\n'
HALF += '    op.execute("CREATE TABLE half (id INTEGER)")\n'
FAILS = {
    "an SQL error": HALF + 'op.drop_table("nowhere")',
    "a RuntimeError": HALF + 'raise RuntimeError("not like this")',
    "a KeyError": 'op.execute("DELETE FROM authorships")\nraise KeyError("x")',
}


def test_first_a_backup_then_the_upgrade(inside):
    found = inside(upgrade_safely, PASSES, "again")

    assert found["raised"] == "", f"all was well, and safe_upgrade raised {found['message']}"
    assert found["revision"] == "9999", "the database is not at the newest migration"
    assert len(found["backups"]) == 1, f"one back-up, and in the folder is {found['files']}"
    assert found["files"][0].startswith(found["started"]), (
        f"the name of the back-up, {found['files'][0]}, begins with the revision that it holds,"
        f" {found['started']}"
    )
    assert found["returned"] == found["paths"][0], "what comes back is the path of the back-up"
    private = found["private"] and "open" not in found["during"]
    assert private, "others may read the back-up: there are hashes of passwords in it"
    assert "whole" not in found["during"], (
        "while the back-up is written its name ends with .backup already: a power cut, and half of"
        " one looks as if somebody could use it"
    )
    assert found["backups"][0] == found["before"], (
        "the back-up is not the database as it was before the upgrade"
    )
    again = found["again"]
    assert again["raised"] == "", "at the newest migration already, and something was raised"
    assert again["returned"] is None, "at the newest migration already, and it was upgraded again"
    assert again["files"] == found["files"], "nothing to upgrade, and another back-up was made"


@pytest.mark.parametrize("trouble", ["no space", "a file in its place"])
def test_without_a_backup_there_is_no_upgrade(inside, trouble):
    found = inside(upgrade_safely, PASSES, trouble)

    assert found["after"] == found["before"], f"{trouble}: no back-up, and the database changed"
    assert found["raised"] == "BackupError", f"{trouble}: what is raised is a BackupError"
    left = [name for name in found["files"] if trouble == "no space"]
    assert left == [], f"{trouble}: {left} is no back-up, and looks as if somebody could use it"


def test_a_database_may_be_at_no_revision(inside):
    found = inside(upgrade_safely, PASSES, "no revision")

    assert found["raised"] == "UpgradeFailed", (
        "the tables are there, and no revision: the first migration fails, which is UpgradeFailed"
    )
    assert found["after"] == found["before"], "and the database is not as it was before"
    assert len(found["files"]) == 1, f"one back-up, and in the folder is {found['files']}"
    assert found["files"][0].startswith("empty"), (
        f"the name of the back-up, {found['files'][0]}, begins with empty: there was no revision"
    )


@pytest.mark.parametrize("failure", FAILS)
def test_a_failed_upgrade_leaves_no_trace(inside, failure):
    found = inside(upgrade_safely, FAILS[failure], "again" if failure == "a KeyError" else "")

    assert found["after"] == found["before"], (
        f"a migration changed something and then ended with {failure}: the database is not as it"
        " was before"
    )
    assert found["raised"] == "UpgradeFailed", (
        f"a migration ended with {failure}: what is raised is UpgradeFailed"
    )
    assert len(found["backups"]) == 1, "the back-up stays where it is"
    assert found["files"][0] in found["message"], "the message does not name the back-up"
    if failure == "a KeyError":
        kept = found["again"]["files"]
        assert len(kept) == 2, (
            f"somebody tried again within the second, and of two back-ups there is {kept}"
        )


def test_a_backup_that_cannot_be_put_back_is_told(inside):
    found = inside(upgrade_safely, FAILS["a RuntimeError"], "no way back")

    what = "a migration failed, and then restore did, with a BackupError"
    assert found["raised"] == "UpgradeFailed", f"{what}: what is raised is UpgradeFailed"
    assert len(found["files"]) == 1, f"{what}: the back-up is all there is, and it stays"
    assert found["files"][0] in found["message"], f"{what}: the message does not name the back-up"
    assert "the disk can only be read" in found["message"], (
        f"{what}: the message does not say what restore said, and all looks as if it were well"
    )
