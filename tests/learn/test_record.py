"""A learner's work goes from a page to a machine and back, and nothing is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import checker.learn
from checker.errors import EnvironmentTrouble, UserError
from checker.learn import record as records

GREETING = "work/01_first/app/greeting.py"
SOLVED = 'def greet(name):\n    return "hello " + name\n'
SCHEMA = json.loads(
    (Path(checker.learn.__file__).parent / "schemas" / "record.json").read_text(encoding="utf-8")
)
KEY = GREETING.removeprefix("work/")


def from_a_page(**changes: Any) -> str:
    entry = {
        "state": "solved",
        "passed": ["test_greets"],
        "total": 1,
        "solved_at": "2026-01-02T03:04:05+00:00",
        "hints": 2,
        "solution_seen": False,
    }
    record: dict[str, Any] = {
        "version": 1,
        "progress": {"version": 1, "current": None, "exercises": {"1.1": entry}},
        "files": {KEY: SOLVED},
        "answers": {},
    }
    record |= changes
    return json.dumps(record)


def test_what_a_page_saved_goes_on_here(learner: Any) -> None:
    learner.save("saved.json", from_a_page())

    said = learner.types("import", "saved.json")

    assert said.code == 0, said.said
    assert learner.read(GREETING).decode() == SOLVED, "the step is started, the edit laid over it"
    entry = learner.session.store.read()["1.1"]
    assert (entry.state, entry.hints, entry.solved_at) == ("solved", 2, "2026-01-02T03:04:05+00:00")
    assert learner.types("check", "1.1").code == 0


def test_what_was_here_before_comes_back(learner: Any) -> None:
    learner.types("start", "1")
    learner.save(GREETING, "mine = 1\n")
    learner.save("saved.json", from_a_page())

    learner.types("import", "saved.json")
    undone = learner.types("undo")

    assert undone.code == 0, undone.said
    assert learner.read(GREETING) == b"mine = 1\n"
    assert learner.session.store.read()["1.1"].state == "open", "the verdict was of other files"


def test_an_export_holds_what_was_edited_and_comes_in_again(
    learner: Any, new_learner: Any, tmp_path: Path
) -> None:
    learner.types("start", "1")
    learner.save(GREETING, SOLVED)
    learner.types("check", "1.1")

    said = learner.types("export", "mine.json")

    record = json.loads(learner.read("mine.json"))
    assert said.code == 0, said.said
    Draft202012Validator(SCHEMA).validate(record)
    assert record["files"] == {KEY: SOLVED}
    other = new_learner(tmp_path / "other")
    other.save("mine.json", learner.read("mine.json"))
    assert other.types("import", "mine.json").code == 0
    assert other.read(GREETING).decode() == SOLVED
    assert other.session.store.read()["1.1"] == learner.session.store.read()["1.1"]


def test_an_export_overwrites_nothing(learner: Any) -> None:
    learner.types("start", "1")
    learner.save("mine.json", "kept")

    said = learner.types("export", "mine.json")

    assert said.code == 2
    assert "is not overwritten" in said.said
    assert learner.read("mine.json") == b"kept"


def test_a_file_that_no_exercise_asks_for_stays_out(learner: Any) -> None:
    odd = {KEY: SOLVED, "01_first/exercises/world.py": "x", "../../outside.py": "x", "/etc/x": "x"}
    learner.save("saved.json", from_a_page(files=odd))

    said = learner.types("import", "saved.json")

    assert said.code == 0, said.said
    assert said.out.count("left out:") == 3
    assert not learner.path("../outside.py").exists()
    assert learner.read("work/01_first/exercises/world.py") != b"x"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "holds no record"),
        ("[]", "holds no record"),
        (from_a_page(files={KEY: 1}), "holds no record"),
        (from_a_page(progress={}), "holds no record"),
        (from_a_page(version=2), "newer course"),
    ],
)
def test_what_is_no_record_is_refused_and_changes_nothing(
    learner: Any, text: str, why: str
) -> None:
    learner.save("saved.json", text)

    with pytest.raises((UserError, EnvironmentTrouble), match=why):
        records.bring_in(learner.session, records.load(learner.path("saved.json")))
    assert not learner.path("work/01_first").exists()
