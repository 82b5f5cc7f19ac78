"""Whose time is it? The supervisor's clock, with a process that only pretends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.engine import supervise
from checker.engine.job import Job
from checker.engine.supervise import Supervisor
from checker.engine.verdict import Verdict

HOUR = 3600.0
COLLECTED = {"event": "collected", "names": ["test_it"]}
STARTED = {"event": "started", "name": "test_it"}
FINISHED = {
    "event": "finished",
    "name": "test_it",
    "outcome": "passed",
    "seconds": 0.1,
    "failure": None,
    "kind": None,
}
DONE = {"event": "done", "warnings": [], "problem": None}


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class Told:
    """A process that says what it is given; a number lets so many seconds pass."""

    def __init__(self, clock: Clock, *says: dict[str, Any] | float) -> None:
        self.ready = True
        self.output = type("Output", (), {"count": 0, "tail": ""})
        self.killed = False
        self._clock = clock
        self._says = self._in_turn(says)

    def _in_turn(self, says: tuple[dict[str, Any] | float, ...]) -> Iterator[dict[str, Any] | None]:
        for said in says:
            if isinstance(said, dict):
                yield said
            else:
                self._clock.now += said
                yield None
            if self.killed:
                break
        yield {"event": "ended", "code": -9 if self.killed else 0}

    def next(self, timeout: float) -> dict[str, Any] | None:
        return next(self._says)

    def kill(self) -> None:
        self.killed = True


def follow(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *says: dict[str, Any] | float
) -> tuple[Verdict, bool]:
    """The verdict on what a process says, and whether it was killed."""
    clock = Clock()
    monkeypatch.setattr(supervise, "time", clock)
    link = Told(clock, *says)
    job = Job(folder, folder / "exercises", folder / "test_it.py", "1.1", (), limit=10.0)
    supervisor = Supervisor(job, folder / "stack.txt", lambda: False, None)
    supervisor.follow(link, link.kill)  # type: ignore[arg-type]
    assert supervisor.over
    return supervisor.verdict(), link.killed


def test_what_we_start_ourselves_takes_none_of_the_learners_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    phases = ({"event": "starting"}, 50.0, {"event": "building"}, 9.0, {"event": "built"}, 9.0)
    verdict, killed = follow(monkeypatch, tmp_path, COLLECTED, STARTED, *phases, FINISHED, DONE)
    assert (verdict.state, killed) == ("solved", False)


@pytest.mark.parametrize(("phase", "state"), [("building", "does_not_load"), ("built", "not_yet")])
def test_loading_and_testing_have_a_limit_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, phase: str, state: str
) -> None:
    frames = (COLLECTED, STARTED, {"event": phase}, 13.0, FINISHED, DONE)
    verdict, killed = follow(monkeypatch, tmp_path, *frames)
    assert (verdict.state, killed) == (state, True)
    assert verdict.tests[0].outcome == "timed_out"


@pytest.mark.parametrize(
    ("file", "killed"), [(None, False), ("checker/remote.py", False), ("mine.py", True)]
)
def test_the_name_of_the_line_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str | None, killed: bool
) -> None:
    """Where two processes tell where they hang, the one that only waits may be the quicker."""
    (tmp_path / "mine.py").touch()
    stack = "" if file is None else f'  File "{tmp_path / file}", line 3 in wait\n'
    (tmp_path / "stack.txt").write_text(stack, encoding="utf-8")
    frames = (COLLECTED, STARTED, {"event": "built"}, 11.0, FINISHED, DONE)
    assert follow(monkeypatch, tmp_path, *frames)[1] is killed


def test_a_process_that_cannot_be_started_is_no_failure_of_the_learner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    frames = (COLLECTED, STARTED, {"event": "starting"}, HOUR)
    verdict, killed = follow(monkeypatch, tmp_path, *frames)
    assert (verdict.state, killed) == ("fault", True)
    assert verdict.problem is not None
    assert "nothing was heard of it for 120 seconds" in verdict.problem.message
    assert verdict.tests[0].outcome == "not_run"
