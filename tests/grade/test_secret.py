"""What no submission can know, though it knows its own files and how values come from them."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from checker.course import Course
from checker.grade import run
from checker.grade.batch import Request
from checker.grade.intake import Intake
from checker.grade.isolation import Tier
from checker.grade.run import Output, grade_class
from checker.grade.secret import secret_of


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has never graded."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "build-secure-ship" / "secret"


def test_every_report_of_a_user_begins_with_the_same(tmp_path: Path, state: Path) -> None:
    first = secret_of(tmp_path / "out")
    assert first > 2**200
    assert secret_of(tmp_path / "out") == secret_of(tmp_path / "other") == first
    for file in (state, tmp_path / "out" / ".grading" / "secret"):
        assert sys.platform == "win32" or stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_two_users_have_the_same(tmp_path: Path, state: Path) -> None:
    first = secret_of(tmp_path / "out")
    state.unlink()
    assert secret_of(tmp_path / "other") != first
    assert secret_of(tmp_path / "out") == first, "a report goes on as it was begun"


@pytest.mark.parametrize("odd", [b"", b"0\n", b"x" * 64])
def test_what_is_none_is_made_anew(tmp_path: Path, state: Path, odd: bytes) -> None:
    state.parent.mkdir(parents=True)
    state.write_bytes(odd)
    assert secret_of(tmp_path / "out") == secret_of(tmp_path / "other") > 2**200


def test_a_machine_that_keeps_nothing_is_graded_on(tmp_path: Path, state: Path) -> None:
    state.parent.parent.write_bytes(b"no folder")
    assert secret_of(tmp_path / "out") == secret_of(tmp_path / "out") != secret_of(tmp_path / "b")


def test_who_has_no_home_grades_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def home() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", home)
    assert secret_of(tmp_path / "out") == secret_of(tmp_path / "out") != secret_of(tmp_path / "b")


@pytest.mark.parametrize("asked", [None, 7])
def test_what_tests_ask_comes_from_it(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch, asked: int | None
) -> None:
    """Else code could reckon the values from its own files, as the grader does."""
    request = Request(course, Intake((), (), {}, ()), "class", seed=asked)
    met = []

    def plan(found: Request, *_: object) -> None:
        met.append(found.seed)
        raise StopIteration

    monkeypatch.setattr(run, "choose", lambda *_: Tier("none"))
    monkeypatch.setattr(run, "Plan", plan)
    with pytest.raises(StopIteration):
        grade_class(request, Output(tmp_path / "out", ("json",)), 1, None, failed_only=False)
    assert met == [secret_of(tmp_path / "out") if asked is None else asked]
