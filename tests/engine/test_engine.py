"""What an engine owes whoever drives it: events, an end at once, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import psutil
import pytest

from checker.engine import engine as engines
from checker.engine.engine import Engine, create_engine
from checker.engine.errors import Cancelled
from checker.engine.events import Event, TestFinished, TestsCollected, TestStarted
from checker.engine.job import Job

from .in_halves import in_halves
from .scenarios import (
    APP,
    HOOKS,
    LOOP_LIMIT,
    OUTCOMES,
    VIEWS,
    Change,
    Scenario,
    in_list,
    job,
    make,
    swap,
    top,
    write,
)

KINDS = ["fork", "spare"] if hasattr(os, "fork") else ["spare"]
LOOP = """
while True:
    try:
        import time

        time.sleep(99)
    except BaseException:
        pass
"""
NO_END = in_list(indent(LOOP, "    "))
LOADS_FOR_EVER = top(APP, LOOP)
Make = Callable[..., Job]


MADE: dict[str, Callable[[], Engine]] = {
    "fork": engines.ForkEngine,
    "spare": engines.SpareEngine,
    "ahead": lambda: engines.ForkEngine(ahead=True),
    "halves": in_halves,
}


@pytest.fixture(scope="module", params=MADE if "fork" in KINDS else KINDS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with MADE[request.param]() as engine:
        yield engine


@pytest.fixture
def course(tmp_path: Path) -> Make:
    """``course(change, …)``: a job for the tiny app, changed."""

    def course(*changes: Change, test: str = "test_1_1_books.py") -> Job:
        scenario = Scenario("made up", changes, "solved", test=test)
        return job(scenario, make(scenario, tmp_path))

    return course


def until(true: Callable[[], bool]) -> bool:
    """Wait for what must come true, a good while: some tests start four interpreters for it."""
    end = time.monotonic() + 60
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_events_come_while_it_runs(engine: Engine, course: Make) -> None:
    events: list[Event] = []
    verdict = engine.check(course(), events.append)

    names = [result.name for result in verdict.tests]
    assert events[0] == TestsCollected(tuple(names))
    assert events[1:] == [
        event
        for result in verdict.tests
        for event in (TestStarted(result.name), TestFinished(result))
    ]


def test_one_test_can_be_selected(engine: Engine, course: Make) -> None:
    verdict = engine.check(replace(course(), select="test_every_answer_is_marked"))
    assert [test.name for test in verdict.tests] == ["test_every_answer_is_marked"]
    assert verdict.state == "solved"


def test_a_test_that_is_not_there_is_our_fault(engine: Engine, course: Make) -> None:
    verdict = engine.check(replace(course(), select="test_nothing"))
    assert verdict.state == "fault"
    assert verdict.tests == ()


def test_each_check_starts_afresh(engine: Engine, course: Make) -> None:
    task = course()
    assert engine.check(task).state == "solved"
    views = task.root / VIEWS
    solved = views.read_text(encoding="utf-8")
    views.write_text(solved.replace("201", "203"), encoding="utf-8")
    assert engine.check(task).state == "not_yet"
    views.write_text(solved, encoding="utf-8")
    assert engine.check(task).state == "solved"


def test_a_stale_compiled_copy_is_not_believed(engine: Engine, course: Make) -> None:
    """An editor that saves twice within a second leaves a copy that Python would trust."""
    task = course()
    views = task.root / VIEWS
    solved, stamp = views.read_bytes(), views.stat()
    views.write_bytes(solved.replace(b"201", b"203"))
    os.utime(views, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(task.root / "app")], check=True)
    views.write_bytes(solved)
    os.utime(views, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert engine.check(task).state == "solved"


@pytest.mark.parametrize("subject", ["direct", "remote"])
def test_nothing_is_written_among_the_learners_files(
    engine: Engine, course: Make, subject: str
) -> None:
    task = replace(course(), subject=subject)
    before = {path: path.stat().st_mtime_ns for path in task.root.rglob("*")}
    assert engine.check(task).state == "solved"
    assert {path: path.stat().st_mtime_ns for path in task.root.rglob("*")} == before


def test_settings_of_the_learners_have_no_say(engine: Engine, course: Make) -> None:
    """Neither their pytest.ini nor their conftest.py is read; nor is a conftest of the course's."""
    forged = "import pytest\n@pytest.fixture\ndef client(): raise SystemExit\n"
    task = course(
        write("pytest.ini", "[pytest]\naddopts = --nonsense\n"),
        write("conftest.py", forged),
        write("exercises/conftest.py", forged),
    )
    assert engine.check(task).state == "solved"


def test_the_surroundings_are_cleared(
    engine: Engine, course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    with create_engine("fork" if type(engine) is engines.ForkEngine else "spare") as fresh:
        text = "import os\nassert 'GITHUB_TOKEN' not in os.environ\n"
        text += "from urllib.request import getproxies\nassert getproxies() == {'no': '*'}\n"
        verdict = fresh.check(course(top(VIEWS, text)))
    assert verdict.state == "solved"


@pytest.mark.parametrize(("budget", "outcomes"), [(0.0, "T----"), (3600.0, "TT...")])
def test_loops_end_a_check_when_the_budget_is_spent(
    engine: Engine, course: Make, budget: float, outcomes: str
) -> None:
    end = swap(
        VIEWS, '    title = request.get_json()["title"]\n', "    while True:\n        pass\n"
    )
    verdict = engine.check(replace(course(NO_END, end), limit=LOOP_LIMIT, budget=budget))
    assert "".join(OUTCOMES[test.outcome] for test in verdict.tests) == outcomes


def test_a_crash_costs_no_other_test_its_events(engine: Engine, course: Make) -> None:
    events: list[Event] = []
    crash = in_list("    import os\n    os.kill(os.getpid(), 9)\n")
    verdict = engine.check(course(crash), events.append)

    assert [event for event in events if isinstance(event, TestsCollected)] == events[:1]
    finished = [event.result for event in events if isinstance(event, TestFinished)]
    assert tuple(finished) == verdict.tests
    assert [result.outcome for result in finished] == ["failed", *["passed"] * 4]


@pytest.mark.parametrize("change", [NO_END, LOADS_FOR_EVER], ids=["in a view", "at import"])
def test_a_check_is_cancelled_at_once(engine: Engine, course: Make, change: Change) -> None:
    """Not by its time limit, which is an hour."""
    task = replace(course(change), limit=3600)
    started = threading.Event()

    def cancel() -> None:
        started.wait(60)
        time.sleep(0.2)  # well into the loop
        engine.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        engine.check(task, lambda event: started.set())
    thread.join()
    assert engine.check(replace(task, select="test_nothing")).state == "fault", "still of use"


def test_cancelling_nothing_does_nothing(engine: Engine, course: Make) -> None:
    engine.cancel()
    assert engine.check(course()).state == "solved"


def test_close_ends_a_running_check(course: Make) -> None:
    engine = create_engine()
    started = threading.Event()

    def close() -> None:
        started.wait(60)
        engine.close()

    thread = threading.Thread(target=close)
    thread.start()
    task = course(NO_END)
    with pytest.raises(Cancelled):
        engine.check(task, lambda event: started.set())
    thread.join()
    with pytest.raises(Cancelled):
        engine.check(task)


@pytest.mark.skipif(sys.platform == "win32", reason="a process group is a POSIX thing")
@pytest.mark.parametrize("subject", ["direct", "remote"])
@pytest.mark.parametrize(
    "ending", ["return []", "import os; os.kill(os.getpid(), 9)", "while 1: pass"]
)
def test_no_process_of_the_learners_is_left(
    engine: Engine, course: Make, tmp_path: Path, ending: str, subject: str
) -> None:
    note = tmp_path / "pids.txt"
    spawn = (
        "    import os, subprocess, sys\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"    open({str(note)!r}, 'a').write(f'{{child.pid}} {{os.getpid()}} ')\n"
    )
    limit = LOOP_LIMIT if ending.startswith("while") else 60.0
    task = replace(course(in_list(f"{spawn}    {ending}\n")), limit=limit, subject=subject)
    task = replace(task, select="test_the_list_is_there")
    engine.check(task)
    pids = [int(pid) for pid in note.read_text(encoding="utf-8").split()]
    assert len(pids) == 2
    assert until(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.skipif(sys.platform == "win32", reason="a process group is a POSIX thing")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("subject", ["direct", "remote"])
def test_nothing_outlives_the_checker(
    course: Make, tmp_path: Path, kind: str, subject: str
) -> None:
    """The checker is killed in the middle of an endless check."""
    note = tmp_path / "pid.txt"
    tell = f"    open({str(note)!r}, 'w').write(str(os.getpid()))\n"
    task = course(top(VIEWS, "import os\n"), in_list(f"{tell}    while 1: pass\n"))
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from checker.engine.engine import create_engine\n"
        "from checker.engine.job import Job\n"
        "root, kind, subject = Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        "tests = root / 'exercises'\n"
        "job = Job(root, tests, tests / 'test_1_1_books.py', '1.1', (), subject=subject)\n"
        "create_engine(kind).check(job)\n"
    )
    command = [sys.executable, "-c", program, str(task.root), kind, subject]
    with subprocess.Popen(command) as checker:
        assert until(lambda: note.is_file() and note.read_text(encoding="utf-8") != "")
        family = psutil.Process(checker.pid).children(recursive=True)
        assert int(note.read_text(encoding="utf-8")) in {process.pid for process in family}
        checker.kill()
    assert until(lambda: not any(alive(process.pid) for process in family))


@pytest.mark.skipif("fork" not in KINDS, reason="Windows has no fork")
def test_a_child_ends_with_its_zygote(course: Make, tmp_path: Path) -> None:
    note = tmp_path / "pid.txt"
    task = course(
        in_list(
            "    import os\n"
            f"    open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\n"
            "    while 1: pass\n"
        )
    )

    def kill_the_zygote() -> None:
        assert until(lambda: note.is_file() and " " in note.read_text(encoding="utf-8"))
        os.kill(int(note.read_text(encoding="utf-8").split()[1]), 9)

    with create_engine("fork") as engine:
        killer = threading.Thread(target=kill_the_zygote)
        killer.start()
        verdict = engine.check(task)
        killer.join()
        child = int(note.read_text(encoding="utf-8").split()[0])
        assert verdict.state == "not_yet"
        assert until(lambda: not alive(child))
        assert engine.check(replace(task, select="test_every_answer_is_marked")).state == "solved"


@pytest.mark.parametrize("kind", KINDS)
def test_new_packages_make_a_new_process(
    course: Make, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    note = tmp_path / "pid.txt"
    pid = "os.getppid()" if kind == "fork" else "os.getpid()"
    task = course(top(VIEWS, f"import os\nopen({str(note)!r}, 'w').write(str({pid}))\n"))
    with create_engine(kind) as engine:  # type: ignore[arg-type]
        waiting = {child.pid for child in psutil.Process().children()}
        monkeypatch.setattr(engines, "fingerprint", lambda: (("flask-4.dist-info", 0),))
        assert engine.check(task).state == "solved"
        assert int(note.read_text(encoding="utf-8")) not in waiting


@pytest.mark.skipif("fork" not in KINDS, reason="Windows has no fork")
def test_the_same_process_serves_as_long_as_nothing_changed(course: Make, tmp_path: Path) -> None:
    note = tmp_path / "pids.txt"
    task = course(top(VIEWS, f"import os\nopen({str(note)!r}, 'a').write(f'{{os.getppid()}} ')\n"))
    with create_engine("fork") as engine:
        for _ in range(2):
            assert engine.check(task).state == "solved"
    assert len(set(note.read_text(encoding="utf-8").split())) == 1


@pytest.fixture
def ahead() -> Iterator[Engine]:
    with create_engine("fork", ahead=True) as engine:
        yield engine


@pytest.fixture
def noted(course: Make, tmp_path: Path) -> tuple[Job, Callable[[], int]]:
    """A check that leaves the number of its process, and what reads it."""
    note = tmp_path / "pid.txt"
    task = course(top(VIEWS, f"import os\nopen({str(note)!r}, 'w').write(str(os.getpid()))\n"))
    return task, lambda: int(note.read_text(encoding="utf-8"))


def is_dead(pid: int) -> bool:
    """Whether it can be waited for: its last thread, too, has ended."""
    try:
        return not alive(pid) and psutil.Process(pid).num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def got_ready(engine: Engine) -> int:
    """The process that waits for the next check: the warm one's only child, and asleep."""
    assert isinstance(engine, engines.ForkEngine)
    warm = psutil.Process(engine._zygote.pid)
    assert until(lambda: [child.status() for child in warm.children()] == ["sleeping"])
    (child,) = warm.children()
    return child.pid


forks = pytest.mark.skipif("fork" not in KINDS, reason="Windows has no fork")


@forks
def test_whoever_does_not_end_when_all_is_said_is_ended(
    noted: tuple[Job, Callable[[], int]],
) -> None:
    task, process = noted
    stays = "import time, types\nimport checker.engine.zygote as warm\n"
    stays += "setattr(warm, 'os', types.SimpleNamespace(_exit=lambda code: time.sleep(600)))\n"
    top(VIEWS, stays)(task.root)
    with create_engine("fork", ahead=True) as engine:
        assert engine.check(task).state == "solved"
        stuck = process()
        assert alive(stuck), "the end is not waited for"
        assert engine.check(task).state == "solved"
        assert process() != stuck
        assert not alive(stuck)


@forks
def test_the_next_check_is_ready_before_it_is_asked_for(
    ahead: Engine, noted: tuple[Job, Callable[[], int]]
) -> None:
    task, process = noted
    first = ahead.check(task)
    waiting = got_ready(ahead)
    second = ahead.check(task)
    assert waiting == process()
    assert [test.outcome for test in second.tests] == [test.outcome for test in first.tests]
    assert (second.state, second.warnings) == (first.state, first.warnings)


@forks
def test_what_was_saved_meanwhile_is_what_is_checked(ahead: Engine, course: Make) -> None:
    task = course()
    assert ahead.check(task).state == "solved"
    got_ready(ahead)
    views = task.root / VIEWS
    views.write_text(views.read_text(encoding="utf-8").replace("201", "203"), encoding="utf-8")
    write("json.py", "")(task.root)
    verdict = ahead.check(task)
    assert verdict.state == "not_yet"
    assert "json.py" in verdict.warnings[0]


@forks
def test_tests_that_were_changed_meanwhile_are_read_again(ahead: Engine, course: Make) -> None:
    task = course()
    count = len(ahead.check(task).tests)
    got_ready(ahead)
    more = "\n\ndef test_one_more() -> None:\n    pass\n"
    task.test.write_text(task.test.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert len(ahead.check(task).tests) == count + 1


@forks
@pytest.mark.parametrize("meanwhile", ["killed", "another check", "no folder"])
def test_what_was_got_ready_in_vain_is_in_nobodys_way(
    ahead: Engine,
    noted: tuple[Job, Callable[[], int]],
    meanwhile: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    task, process = noted
    ahead.check(task)
    waiting = got_ready(ahead)
    if meanwhile == "killed":
        os.kill(waiting, signal.SIGKILL)
        assert until(lambda: is_dead(waiting))
    elif meanwhile == "another check":
        task = replace(task, select="test_every_answer_is_marked")
    else:
        (folder,) = tmp_path.glob("course-*")
        shutil.rmtree(folder)
    verdict = ahead.check(task)
    assert verdict.state == "solved", verdict
    assert process() != waiting
    assert not alive(waiting)


@forks
def test_who_works_ahead_leaves_nothing_behind(
    noted: tuple[Job, Callable[[], int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with create_engine("fork", ahead=True) as engine:
        engine.check(noted[0])
        waiting = got_ready(engine)
    assert until(lambda: not alive(waiting))
    assert list(tmp_path.glob("course-*")) == []


def test_checks_take_their_turn(engine: Engine, course: Make) -> None:
    task = course()
    states: list[str] = []
    threads = [
        threading.Thread(target=lambda: states.append(engine.check(task).state)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["solved"] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_no_temporary_folder_is_the_machines_trouble(
    kind: str, course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    with create_engine(kind) as engine:  # type: ignore[arg-type]
        monkeypatch.setattr(engines.tempfile, "TemporaryDirectory", full)
        verdict = engine.check(course())
    assert verdict.state == "environment"
    assert verdict.problem is not None
    assert "No space left on device" in verdict.problem.message


@pytest.mark.parametrize("subject", ["direct", "remote"])
def test_a_full_disk_is_no_failure_of_the_learner(
    engine: Engine, course: Make, subject: str
) -> None:
    full = in_list("    raise OSError(28, 'No space left on device')\n")
    verdict = engine.check(replace(course(full), subject=subject))
    assert verdict.state == "environment"
    assert verdict.problem is not None
    assert verdict.problem.message == "the disk is full"


def test_the_learners_line_is_where_a_hook_answers_last(engine: Engine, course: Make) -> None:
    """A failure is located in the files to edit, in the function that ran last."""
    task = replace(course(swap(HOOKS, '"yes"', '"no"')), edit=(HOOKS,))
    failure = engine.check(task).first_failure
    assert failure is not None
    assert str(failure.where) == "app/hooks.py:10, in mark"
