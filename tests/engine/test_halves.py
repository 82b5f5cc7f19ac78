"""Two processes that run one check: where it is cut, and that nobody can tell.

What learners do is in :mod:`.test_scenarios` and :mod:`.test_engine`, with such an engine, too.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from checker.engine import engine as engines
from checker.engine import halves
from checker.engine.engine import ForkEngine, create_engine
from checker.engine.errors import Cancelled
from checker.engine.events import Event, TestFinished, TestsCollected, TestStarted
from checker.engine.halves import Halves, place, processors
from checker.engine.job import Job

from .in_halves import in_halves
from .scenarios import APP, HOOKS, LOOP_LIMIT, OUTCOMES, VIEWS, Change, in_list, job, swap, top
from .scenarios import Scenario as Made
from .scenarios import make as lay
from .test_engine import alive, until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
Make = Callable[..., Job]
NAMES = ("first", "second", "third")


@pytest.fixture
def course(tmp_path: Path) -> Make:
    """``course(change, …)``: a job for the tiny app, changed."""

    def course(*changes: Change) -> Job:
        scenario = Made("made up", changes, "solved")
        return job(scenario, lay(scenario, tmp_path))

    return course


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Where :func:`noting` writes."""
    return tmp_path / "pids.txt"


@pytest.fixture
def both() -> Iterator[ForkEngine]:
    with in_halves() as engine:
        yield engine


def noting(note: Path) -> Change:
    """Each process that imports the app leaves its number."""
    return top(APP, f"import os\nopen({str(note)!r}, 'a').write(f'{{os.getpid()}} ')\n")


def noted(note: Path) -> list[int]:
    return [int(pid) for pid in note.read_text(encoding="utf-8").split()] if note.exists() else []


def outcomes(verdict: engines.Verdict) -> str:
    return "".join(OUTCOMES[test.outcome] for test in verdict.tests)


# Where to cut


@pytest.mark.parametrize(
    ("seconds", "worth", "cut"),
    [
        ([], 0.0, None),
        ([9.0], 0.0, None),
        ([1.0, 1.0], 0.5, 1),
        ([3.0, 1.0, 1.0, 1.0], 0.5, 1),
        ([1.0, 1.0, 1.0, 3.0], 0.5, 3),
        ([0.0, 9.0, 0.0], 0.5, None),
        ([0.1, 0.1], 0.2, None),
    ],
)
def test_the_longer_part_is_as_short_as_can_be(
    seconds: list[float], worth: float, cut: int | None
) -> None:
    assert place(seconds, worth) == cut


def test_what_took_how_long_is_remembered(course: Make) -> None:
    known, task = Halves(None, worth=0.5), course()
    assert known.place(task) is None, "nothing is known yet"
    known.learn(task, NAMES, {"first": 1.0, "second": 1.0, "third": 2.0}, solved=True)
    assert known.place(task) == 2
    known.learn(task, NAMES, {"first": 9.0}, solved=False)
    assert known.place(task) == 1, "the others are as long as they were"
    known.learn(task, (*NAMES, "fourth"), {}, solved=False)
    assert known.place(task) is None, "one of them never ran"


def test_what_others_look_into_stays_whole(course: Make, tmp_path: Path) -> None:
    known, task = Halves(None, worth=0.5), course()
    for special in (replace(task, subject="remote"), replace(task, stack=tmp_path / "stack.txt")):
        known.learn(special, NAMES, dict.fromkeys(NAMES, 1.0), solved=True)
        assert known.place(special) is None


@pytest.mark.parametrize(("count", "cuts"), [(1, False), (2, True)])
def test_one_processor_is_for_one_process(
    count: int, cuts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "processors", lambda: count)
    with create_engine("fork", ahead=True) as engine:
        assert isinstance(engine, ForkEngine)
        assert (engine._halves is not None) == cuts
    with create_engine("fork") as engine:
        assert isinstance(engine, ForkEngine)
        assert engine._halves is None


def test_only_processors_that_we_may_use_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves.os, "process_cpu_count", lambda: None, raising=False)
    assert processors() == 1
    monkeypatch.delattr(halves.os, "process_cpu_count")
    monkeypatch.setattr(halves.os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert processors() == 3
    monkeypatch.delattr(halves.os, "sched_getaffinity")
    monkeypatch.setattr(halves.os, "cpu_count", lambda: None)
    assert processors() == 1


# One check


def test_each_runs_its_share_and_they_read_as_one(
    both: ForkEngine, course: Make, note: Path
) -> None:
    events: list[Event] = []
    verdict = both.check(course(noting(note)), events.append)
    assert len(set(noted(note))) == 2
    names = tuple(result.name for result in verdict.tests)
    assert events == [
        TestsCollected(names),
        *(
            event
            for result in verdict.tests
            for event in (TestStarted(result.name), TestFinished(result))
        ),
    ]
    assert (verdict.state, outcomes(verdict)) == ("solved", ".....")


def test_it_is_cut_as_soon_as_it_is_known_how_long_it_takes(course: Make, note: Path) -> None:
    task, known = course(noting(note)), Halves(None, worth=0.0)
    with ForkEngine(ahead=True, halves=known) as engine:
        engine.check(task)
        assert len(noted(note)) == 1
        assert until(lambda: known.is_ready(task))
        assert engine.check(task).state == "solved"
        assert len(noted(note)) == 3
        pids = noted(note)
    assert until(lambda: not any(alive(pid) for pid in pids))


def test_the_end_of_the_second_process_is_not_waited_for(
    course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, known = course(), Halves(None, worth=0.0)
    running: list[bool] = []
    with ForkEngine(ahead=True, halves=known) as engine:
        engine.check(task)
        assert until(lambda: known.is_ready(task))
        second = known._link
        assert second is not None
        hear_out = second.hear_out

        def noted() -> None:
            running.append(second.running)
            hear_out()

        monkeypatch.setattr(second, "hear_out", noted)
        for _ in range(2):
            assert engine.check(task).state == "solved"
            assert until(lambda: known.is_ready(task))
    assert len(running) == 2, "once before each check, and not after it"
    assert running[0] is False


def test_what_keeps_both_from_loading_is_told_once(both: ForkEngine, course: Make) -> None:
    events: list[Event] = []
    verdict = both.check(course(top(VIEWS, "def\n")), events.append)
    assert verdict.state == "does_not_load"
    assert outcomes(verdict) == "F----"
    assert len([event for event in events if isinstance(event, TestFinished)]) == 1


def test_a_crash_in_the_first_part_costs_the_second_nothing(
    both: ForkEngine, course: Make, note: Path
) -> None:
    crash = in_list("    import os\n    print('one', flush=True)\n    os.kill(os.getpid(), 9)\n")
    other = swap(
        HOOKS, "    response.headers", '    print("two", flush=True)\n    response.headers'
    )
    verdict = both.check(course(crash, other, noting(note)))
    assert outcomes(verdict) == "F...."
    assert verdict.first_failure is not None
    assert verdict.first_failure.printed == "one\n"
    assert until(lambda: not any(alive(pid) for pid in noted(note)))


ASKED = "    import os\n    from flask import request\n    asked = 'probe' in request.path\n"


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("while asked: pass", "...T."), ("if asked: os.kill(os.getpid(), 9)", "...F.")],
)
def test_an_end_in_the_second_part_costs_the_first_nothing(
    both: ForkEngine, course: Make, note: Path, ending: str, outcome: str
) -> None:
    change = swap(HOOKS, "    response.headers", f"{ASKED}    {ending}\n    response.headers")
    verdict = both.check(replace(course(change, noting(note)), limit=LOOP_LIMIT))
    assert outcomes(verdict) == outcome
    failure = verdict.first_failure
    assert failure is not None
    assert failure.asked == "GET /probe/crash"
    if "while" in ending:
        assert failure.where is not None
        assert (failure.where.file, failure.where.function) == (HOOKS, "mark")
    assert until(lambda: not any(alive(pid) for pid in noted(note)))


def test_a_cancellation_ends_both(both: ForkEngine, course: Make, note: Path) -> None:
    task = replace(course(noting(note), top(VIEWS, "while True:\n    pass\n")), limit=3600)

    def cancel() -> None:
        assert until(lambda: len(noted(note)) == 2)
        both.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        both.check(task)
    thread.join()
    assert until(lambda: not any(alive(pid) for pid in noted(note)))
    (task.root / VIEWS).write_text("", encoding="utf-8")
    assert both.check(task).state == "does_not_load", "what was saved meanwhile is checked"


def test_the_second_part_can_be_cancelled_alone(both: ForkEngine, course: Make, note: Path) -> None:
    loop = f"{ASKED}    while asked: pass\n"
    change = swap(HOOKS, "    response.headers", f"{loop}    response.headers")
    task = replace(course(change, noting(note)), limit=3600)
    started = threading.Event()

    def follow(event: Event) -> None:
        if event == TestStarted("test_every_answer_is_marked"):
            started.set()

    thread = threading.Thread(target=lambda: started.wait(60) and both.cancel())
    thread.start()
    with pytest.raises(Cancelled):
        both.check(task, follow)
    thread.join()
    assert until(lambda: not any(alive(pid) for pid in noted(note)))


def test_nothing_is_solved_before_one_process_has_run_all_of_it(course: Make) -> None:
    """The app keeps something from one test to a later one, which is beyond the cut."""
    forgets = swap(HOOKS, '"yes"', '"yes" if next(ANSWERED) < 2 else "no"')
    task = course(forgets, top(HOOKS, "import itertools\nANSWERED = itertools.count()\n"))
    with in_halves() as both, in_halves(sure=False) as careful, ForkEngine() as one:
        assert outcomes(both.check(task)) == ".....", "which is why"
        assert outcomes(one.check(task)) == "...F."
        assert outcomes(careful.check(task)) == "...F."


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("os.kill(os.getpid(), 9)", "...F."),
        ("list(iter(int, 1))", "...T."),
        ("raise RuntimeError", "...F."),
    ],
)
def test_what_happens_in_a_whole_run_alone_is_told_of_it(
    course: Make, note: Path, line: str, outcome: str
) -> None:
    """The second part is fine by itself, and is not when one process runs both."""
    ends = swap(
        HOOKS,
        "    response.headers",
        f"    import os\n    if next(ANSWERED) == 2: {line}\n    response.headers",
    )
    counts = top(HOOKS, "import itertools\nANSWERED = itertools.count()\n")
    task = replace(course(ends, counts, noting(note)), limit=LOOP_LIMIT)
    events: list[Event] = []
    with in_halves(sure=False) as careful:
        verdict = careful.check(task, events.append)
        assert outcomes(verdict) == outcome
        assert verdict.state == "not_yet"
        told = [event.result.name for event in events if isinstance(event, TestFinished)]
        assert told == [result.name for result in verdict.tests], "nothing is told twice"
        assert until(lambda: not any(alive(pid) for pid in noted(note)))


def test_the_first_process_does_not_go_on_where_something_failed(course: Make, note: Path) -> None:
    """Both parts fail: what the first one would do after its part is of no use to anybody."""
    slow = swap(HOOKS, '"yes"', '"no" if next(ANSWERED) < 3 else __import__("time").sleep(600)')
    counts = top(HOOKS, "import itertools\nANSWERED = itertools.count()\n")
    task = replace(course(slow, counts, noting(note)), limit=3600)
    with in_halves(sure=False) as careful:
        verdict = careful.check(task)
        assert verdict.state == "not_yet"
        assert until(lambda: not any(alive(pid) for pid in noted(note)))
        assert careful.check(task).state == "not_yet", "it is there for the next one"


@pytest.mark.parametrize("meanwhile", ["killed", "new packages"])
def test_without_the_second_process_one_runs_all(
    course: Make, note: Path, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, known = course(noting(note)), Halves(None, worth=0.0)
    with ForkEngine(ahead=True, halves=known) as engine:
        engine.check(task)
        second = known._link
        assert second is not None
        assert until(lambda: known.is_ready(task))
        if meanwhile == "killed":
            os.kill(second.pid, signal.SIGKILL)
            assert until(lambda: not alive(second.pid))
        else:
            monkeypatch.setattr(engines, "fingerprint", lambda: (("flask-4.dist-info", 0),))
        assert engine.check(task).state == "solved"
        assert len(noted(note)) == 2
        assert not alive(second.pid)
        assert known._link is not None
        assert known._link.pid != second.pid


def test_nothing_is_left_behind(
    course: Make, note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    with in_halves() as engine:
        engine.check(course(noting(note)))
        children = psutil.Process().children(recursive=True)
        family = [process for process in children if process.pid not in before]
        assert len(family) >= 2
    assert until(lambda: not any(alive(process.pid) for process in family))
    assert list(tmp_path.glob("course-*")) == []
