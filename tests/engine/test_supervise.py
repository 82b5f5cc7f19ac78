"""Whose time is it? The supervisor's clock, with a process that only pretends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.engine import supervise
from checker.engine.job import Job
from checker.engine.supervise import Supervisor
from checker.engine.verdict import Verdict
from checker.engine.waits import Look, Runner, Waits, look

HOUR = 3600.0
FORKED = {"event": "forked", "process": 7}
COLLECTED = {"event": "collected", "names": ["test_it"]}
STARTED = {"event": "started", "name": "test_it"}
FINISHED = {
    "event": "finished",
    "name": "test_it",
    "outcome": "passed",
    "seconds": 0.1,
    "loading": 0.0,
    "failure": None,
    "kind": None,
}
DONE: dict[str, Any] = {"event": "done", "warnings": [], "stopped": False, "problem": None}


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
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *says: dict[str, Any] | float,
    looks: Callable[[float, Runner], Look | None] = lambda now, runner: None,
    app: Runner | None = None,
    patience: float | None = None,
) -> tuple[Verdict, bool]:
    """The verdict on what a process says, and whether it was killed."""
    clock = Clock()
    monkeypatch.setattr(supervise, "time", clock)
    link = Told(clock, *says)
    job = Job(folder, folder / "exercises", folder / "test_it.py", "1.1", (), limit=10.0)
    job = replace(job, patience=patience)
    waits = Waits(lambda runner: looks(clock.now, runner))
    supervisor = Supervisor(job, folder / "stack.txt", lambda: False, None, lambda: app, waits)
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


APP = Runner(8, 9)
WAITS = {
    "half the time": (lambda now, runner: Look(now / 2, 0.0), None, [19.0], False),
    "and a loop all the same": (lambda now, runner: Look(now / 2, 0.0), None, [19.0, 9.0], True),
    "for its own threads and children": (
        lambda now, runner: Look(now / 2, now),
        None,
        [19.0],
        True,
    ),
    "partly for its own": (lambda now, runner: Look(now, now / 2), None, [19.0], False),
    "always": (lambda now, runner: Look(now, 0.0), None, [29.0], False),
    "always, and for ever": (lambda now, runner: Look(now, 0.0), None, [33.0], True),
    "in another process": (
        lambda now, runner: Look(now * (runner == APP), 0.0),
        APP,
        [19.0],
        False,
    ),
    "and nobody can tell": (lambda now, runner: None, APP, [19.0], True),
    "before it was looked at": (lambda now, runner: Look(100.0, 0.0), APP, [19.0], True),
}


@pytest.mark.parametrize(("looks", "app", "times", "killed"), WAITS.values(), ids=WAITS)
def test_who_waits_for_a_processor_takes_none_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    looks: Callable[[float, Runner], Look | None],
    app: Runner | None,
    times: list[float],
    killed: bool,
) -> None:
    """By the clock no test gets more than three times its limit, whatever it waits for."""
    before = [FORKED, COLLECTED, STARTED, {"event": "built"}]
    says: list[dict[str, Any] | float] = [*before, 1.0, *times, FINISHED, DONE]
    _, ended = follow(monkeypatch, tmp_path, *says, looks=looks, app=app)
    assert ended is killed


@pytest.mark.parametrize(("waited", "killed"), [(0.0, True), (0.8, False)])
def test_all_tests_together_take_none_for_it_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waited: float, killed: bool
) -> None:
    two = {"event": "collected", "names": ["test_it", "test_that"]}
    that = [{**frame, "name": "test_that"} for frame in (STARTED, FINISHED)]
    times = (1.0, {"event": "building"}, 6.0, FINISHED, that[0], 8.0, that[1])
    _, ended = follow(
        monkeypatch,
        tmp_path,
        *(FORKED, two, STARTED, *times, DONE),
        looks=lambda now, runner: Look(now * waited, 0.0),
        patience=10.0,
    )
    assert ended is killed


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")
def test_the_kernel_tells_what_a_process_has_waited() -> None:
    me = Runner(os.getpid(), os.getpid())
    first, second = look(me), look(me)
    assert first is not None
    assert second is not None
    assert 0 <= first.waited <= second.waited


@pytest.mark.parametrize("runner", [Runner(-1, os.getpid()), Runner(os.getpid(), 2**30)])
def test_of_a_process_that_is_not_there_nothing_is_told(runner: Runner) -> None:
    assert look(runner) is None
