"""What a hostile submission tries: it earns nothing by it, stops nobody, and leaves nothing behind.

Needs bubblewrap, on Linux. The hostile apps lie in ``hostile/``; most stand in for the app of a
course of one exercise, whose tests are doors that say back what they are told.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course
from checker.engine.score import points
from checker.engine.verdict import Verdict
from checker.engine.waits import Runner
from checker.errors import EnvironmentTrouble
from checker.grade import isolation
from checker.grade import probe as probes
from checker.grade.cgroups import Group
from checker.grade.isolation import TAMPERING, Examiner, Tier, choose, flags, probe
from checker.grade.probe import GROUPS
from checker.grade.sandbox import LIBRARY, Sandbox, environment, learners_uid
from checker.grade.warm import Warm, line_of

HERE = Path(__file__).parent
HOSTILE = HERE / "hostile"
COURSE = Course.load(HERE / "prison")
STEP = COURSE.step(1)
EXERCISE = STEP.exercises[0]
LIMIT, BUDGET = 2.5, 60.0
STRANGER = 765_432_100  # above whom a sandbox makes up

layers = probe() if sys.platform == "linux" else []
broken = next((layer.why for layer in layers if layer.needed and not layer.works), "")
pytestmark = pytest.mark.skipif(
    bool(broken) or not layers, reason=f"no sandbox here: {broken or 'not Linux'}"
)

Judge = Callable[..., Verdict]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this module's temporary files are made, and nobody else's."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def examiner(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    """With all that it keeps warm; nothing more of it is left from one submission to the next."""
    del own
    root = tmp_path_factory.mktemp("first") / "submission"
    write_tree(solved(STEP), root)
    with Examiner(COURSE, choose(unsafe=False), limit=LIMIT, budget=BUDGET) as examiner:
        assert [verdict.state for verdict in examiner.examine(root, STEP, [EXERCISE])] == ["solved"]
        yield examiner


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """The solved step, as somebody honest hands it in."""
    root = tmp_path / "submission"
    write_tree(solved(STEP), root)
    return root


@pytest.fixture
def judge(examiner: Examiner, submission: Path) -> Judge:
    """``judge(code)``: the verdict on the submission, with ``code`` as its app where given."""

    def judge(code: str | None = None, seed: str | None = None) -> Verdict:
        if code is not None:
            (submission / "app" / "__init__.py").write_text(code, encoding="utf-8")
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE], seed)
        return verdict

    return judge


@pytest.fixture(autouse=True)
def nothing_left(examiner: Examiner, own: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of ours is there that was not before the test: no process, mount, group or file.

    What other tests do at the same time on this machine is their own affair.
    """
    made: list[Sandbox] = []

    class Remembered(Sandbox):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(isolation, "Sandbox", Remembered)
    before = surroundings(own, set())
    yield
    assert surroundings(own, {sandbox.uid for sandbox in made} - {None}) - before == set()


def surroundings(own: Path, uids: Container[int | None]) -> set[tuple[str, object]]:
    """What there is of ours, each by its kind: ``uids`` are those of the learners."""
    mine = psutil.Process()
    found: dict[str, Iterable[object]] = {
        "process": (child.pid for child in mine.children(recursive=True)),
        "learner's": (each.pid for each in psutil.process_iter(["uids"]) if user_of(each) in uids),
        "mount": (row for row in mounted() if of_a_sandbox(row, own)),
        "file": own.iterdir(),
        "group": (
            name
            for _, names, _ in os.walk("/sys/fs/cgroup")
            for name in names
            if name.startswith(f"checker-{os.getpid()}-")
        ),
        "descriptor": descriptors(),
        "thread": (thread.id for thread in mine.threads()),
    }
    return {(kind, each) for kind, all_of_it in found.items() for each in all_of_it}


def mounted() -> list[str]:
    return Path("/proc/mounts").read_text(encoding="utf-8").splitlines()


def of_a_sandbox(row: str, own: Path) -> bool:
    """Whether it is mounted where only a sandbox of ours, or its making, has anything."""
    place = Path(row.split()[1])
    places = (own, Path("/course"), Path("/newroot"), Path("/oldroot"))
    return any(place.is_relative_to(each) for each in places)


def descriptors() -> Iterator[tuple[str, str]]:
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that looks
            yield file.name, str(file.readlink())


def user_of(process: psutil.Process) -> int | None:
    return process.info["uids"].real if process.info["uids"] else None


def leave(kind: str, own: Path, stack: ExitStack) -> None:
    """Leave something behind, and let the ``stack`` see to it in the end."""
    if kind == "process":
        process = stack.enter_context(subprocess.Popen(["sleep", "1000"]))
        stack.callback(process.kill)
    elif kind == "learner's":
        script = "sleep 1000 >/dev/null & echo $!"
        pid = subprocess.check_output(["sh", "-c", script], user=STRANGER)
        stack.callback(os.kill, int(pid), signal.SIGKILL)
    elif kind == "mount":
        subprocess.check_call(["mount", "-t", "tmpfs", "tmpfs", own])
        stack.callback(subprocess.check_call, ["umount", own])
    elif kind == "file":
        stack.enter_context(tempfile.TemporaryDirectory(prefix="grade-"))
    elif kind == "group":
        stack.callback(Group(2**30, 100).close)
    elif kind == "descriptor":
        stack.enter_context(socket.socket())
    elif kind == "thread":
        over = threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        stack.callback(thread.join)
        stack.callback(over.set)


LEFT = ["process", "file", "descriptor", "thread"]
LEFT += ["learner's", "mount"] if sys.platform != "win32" and os.getuid() == 0 else []
LEFT += ["group"] if any(each.works and each.name in GROUPS.values() for each in layers) else []


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_left_behind_is_seen(own: Path, kind: str) -> None:
    before = surroundings(own, {STRANGER})
    with ExitStack() as stack:
        leave(kind, own, stack)
        left = surroundings(own, {STRANGER}) - before

    assert {what for what, _ in left} >= {kind}


def words(verdict: Verdict, door: str) -> str:
    (test,) = [test for test in verdict.tests if test.name.endswith(f"[{door}]")]
    assert test.outcome != "passed", f"{door} earned a point"
    assert test.failure is not None, f"{door}: {test.outcome}, and nothing is said"
    return test.failure.message


def earned(verdict: Verdict) -> float:
    return points(EXERCISE, verdict)


def test_an_honest_submission_earns_its_points(judge: Judge) -> None:
    verdict = judge()

    assert verdict.state == "solved"
    assert earned(verdict) == EXERCISE.points


HORRORS = {
    "loop": "still not done after 2.5 seconds",
    "sleep": "still not done after 2.5 seconds",
    "regex": "still not done after 2.5 seconds",
    "deadlock": "still not done after 2.5 seconds",
    "stubborn": "still not done after 2.5 seconds",
    "daemon": "was killed",
    "leave": r"exit code 0",
    "kill_all": "was killed",
    "segfault": "segmentation fault",
    "recursion": "RecursionError|MemoryError|segmentation fault|still not done|was killed",
    "memory": "MemoryError|was killed",
    "forks": "still not done|was killed|stopped answering",
    "disk": "OSError|No space left|File too large|disk is full",
    "inodes": "still not done|No space left|disk is full|OSError",
    "print": "printed more than 10 MB",
    "flood": "printed more than 10 MB|still not done",
    "gigabyte": "larger than 16 MiB",
    "forged": "no answer|still not done",
    "garbage": "no answer|still not done",
    "deep": "no answer|still not done",
    "nested": "could not read your answer: RecursionError",
}


def test_each_horror_costs_its_own_test_alone(judge: Judge) -> None:
    started = time.monotonic()
    verdict = judge((HOSTILE / "resources.py").read_text(encoding="utf-8"))
    seconds = time.monotonic() - started

    said = {door: words(verdict, door) for door in HORRORS}
    odd = {door: text for door, text in said.items() if not re.search(HORRORS[door], text)}
    assert odd == {}
    passed = {test.name for test in verdict.tests if test.outcome == "passed"}
    honest = {name for name in passed if "honest" in name}
    assert len(honest) == 3
    assert passed == honest | {"test_the_app_is_there"}
    assert earned(verdict) == pytest.approx(EXERCISE.points * 3 / 24)
    # Nothing that a learner does takes more than what was granted.
    assert seconds < BUDGET + 30
    # And whoever loops is told where.
    (loop,) = [test for test in verdict.tests if test.name.endswith("[loop]")]
    assert loop.outcome == "timed_out"
    assert loop.failure is not None
    assert loop.failure.where is not None
    assert (loop.failure.where.file, loop.failure.where.function) == ("app/__init__.py", "loop")


def test_patience_ends(submission: Path) -> None:
    code = (HOSTILE / "resources.py").read_text(encoding="utf-8")
    slow = "".join(f"\n{door} = sleep" for door in (*HORRORS, "honest"))
    (submission / "app" / "__init__.py").write_text(code + slow, encoding="utf-8")
    with Examiner(COURSE, choose(unsafe=False), limit=20, budget=1) as examiner:
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE])

    assert "took more than 1 seconds together" in words(verdict, "honest")
    assert verdict.state == "not_yet"
    assert [test.outcome for test in verdict.tests[2:]] == ["not_run"] * 23


def test_there_is_nothing_to_be_found(
    judge: Judge, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKER_TOKEN", "SECRET")
    (submission.parent / "somebody-elses.txt").write_text("another one's", encoding="utf-8")
    code = (HOSTILE / "secrets.py").read_text(encoding="utf-8")

    # Where nobody can become another user, its keeper is the learner's to end, and holds nothing.
    whole = learners_uid() is not None
    found = "nothing" if whole else "another process's memory, a signal to its keeper"
    for _ in range(2):  # the second one looks for what the first has left
        verdict = judge(code)
        assert verdict.problem is not None
        assert verdict.state == "does_not_load"
        assert f"found: {found} while" in verdict.problem.message
        assert earned(verdict) == 0


AT_IMPORT = {
    "exits": ("import os\nexec('os._exit(0)', {'os': os, '__name__': 'flask'})", "exit code 0"),
    "exits politely": ("import sys\nsys.exit(0)", "sys.exit()"),
    "says so itself": ("print('10 passed in 0.10s')\nraise SystemExit(0)", "sys.exit()"),
    "serves": ("from flask import Flask\nFlask(__name__).run()", "app.run()"),
    "asks": ("input('name? ')", "input()"),
    "loops": ("while True: pass", "still not done after 2.5 seconds"),
    "kills": ("import os\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)", "killed"),
    "lacks a package": ("import requests_of_mine", "there is no module requests_of_mine"),
    "has no syntax": ("def create_app(:\n", "cannot be read: SyntaxError"),
    "is empty": ("", "create_app"),
}


@pytest.mark.parametrize("kind", AT_IMPORT)
def test_what_does_not_load_is_named_and_earns_nothing(judge: Judge, kind: str) -> None:
    code, said = AT_IMPORT[kind]
    verdict = judge(code)

    assert verdict.state == "does_not_load"
    assert verdict.problem is not None
    assert said in verdict.problem.message
    assert earned(verdict) == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_editors_encoding_is_read_or_named(
    judge: Judge, submission: Path, encoding: str
) -> None:
    file = submission / "app" / "__init__.py"
    text = file.read_text(encoding="utf-8").replace("\n", "\r\n")
    file.write_bytes(text.encode(encoding))
    verdict = judge()

    if encoding == "utf-8-sig":
        assert verdict.state == "solved"
    else:
        assert verdict.problem is not None
        assert "app/__init__.py cannot be read" in verdict.problem.message


UNSOLVED = (STEP.path / "app" / "__init__.py").read_text(encoding="utf-8")


def test_tricks_that_fool_a_shared_process_earn_nothing(judge: Judge, submission: Path) -> None:
    for file in sorted((HOSTILE / "tricks").rglob("*")):
        if file.is_file():
            target = submission / file.relative_to(HOSTILE / "tricks")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    verdict = judge("from app import tricks\n" + UNSOLVED)

    assert verdict.state == "not_yet"
    assert earned(verdict) == 0
    assert len(verdict.tests) == 25
    codes = {flag.code: flag.where for flag in flags(submission, STEP)}
    assert codes == {
        "own_conftest": "conftest.py",
        "own_pytest_settings": "pytest.ini",
        "own_startup": "sitecustomize.py",
        "extra_tests": "exercises/test_9_9_more.py",
        "edited_tests": "exercises/test_1_1_doors.py",
        "shadows_module": "json.py",
        "forges_pytest": "conftest.py",
        "writes_at_exit": "app/tricks.py",
    }
    assert {"forges_pytest", "writes_at_exit"} <= TAMPERING


PATCHES = {
    "the host's answer": """
from checker.harness.host import Host
from checker.harness.messages import Answer
Host.request = lambda self, asked: Answer("200 OK", [], b'{"word": "mine"}')
""",
    "its code alone": """
import importlib
host = importlib.import_module("checker.harness.host").Host
def request(self, asked):
    return type(self).made
host.request.__code__ = request.__code__
""",
    "the world": """
import sys
sys.modules["world"].build = lambda: None
""",
    "the way out": """
import json, __main__
json.dumps = lambda value, **options: '{"ok":null,"printed":"","ticket":0}'
import checker
""",
}


@pytest.mark.parametrize("patch", PATCHES)
def test_changing_what_tells_of_the_app_earns_nothing(
    judge: Judge, submission: Path, patch: str
) -> None:
    solution = (STEP.solutions / "app" / "__init__.py").read_text(encoding="utf-8")
    verdict = judge(PATCHES[patch] + solution)

    assert verdict.passed == 0
    assert verdict.state in {"not_yet", "does_not_load"}
    assert [flag.code for flag in flags(submission, STEP)] == ["reaches_into_checker"]
    assert "reaches_into_checker" in TAMPERING


def test_an_honest_step_has_no_flag() -> None:
    course = Course.load(HERE.parents[1])
    for step in course.steps:
        with tempfile.TemporaryDirectory() as name:
            write_tree(solved(step), Path(name))
            assert flags(Path(name), step) == ()


def test_code_that_is_spelt_to_hide_or_to_take_long_is_not_read(submission: Path) -> None:
    # What stands behind is punycode: Python needs the square of its length to read it.
    hidden = f"# coding: punycode\n{'a' * 9}-{'zz9' * 500_000}"
    (submission / "app" / "more.py").write_text(hidden, encoding="ascii")
    (submission / "app" / "old.py").write_text("# coding: latin-1\nx = 'é'\n", "latin-1")
    assert [(flag.code, flag.where) for flag in flags(submission, STEP)] == [
        ("odd_encoding", "app/more.py")
    ]


def test_the_same_seed_asks_the_same(judge: Judge) -> None:
    def got(seed: str | None) -> list[str | None]:
        tests = judge(UNSOLVED.replace("{}", "dict(request.args)[::]"), seed).tests
        return [test.failure and test.failure.asked for test in tests]

    first, again, other, none = map(got, ("one", "one", "other", None))
    assert first == again
    assert len({str(asked) for asked in (first, other, none)}) == 3


TIRED = """
_made = create_app
_count = 0


def create_app() -> Flask:
    global _count
    _count += 1
    return _made() if _count <= 25 else Flask("tired")
"""


def test_one_process_serves_an_exercise_after_the_other_until_a_test_fails(
    examiner: Examiner, submission: Path
) -> None:
    file = submission / "app" / "__init__.py"
    file.write_text(file.read_text(encoding="utf-8") + TIRED, encoding="utf-8")
    verdicts = list(examiner.examine(submission, STEP, [EXERCISE] * 3, "seed"))

    assert [len(verdict.tests) for verdict in verdicts] == [25] * 3
    assert [verdict.state for verdict in verdicts] == ["solved", "not_yet", "solved"]


def test_where_there_are_no_users_nobody_is_become(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.delattr(os, "getuid")
        assert learners_uid() is None


@pytest.mark.skipif(learners_uid() is None, reason="only root keeps a process warm")
def test_a_warm_process_spares_time_and_changes_nothing(submission: Path) -> None:
    (submission / "app" / "__init__.py").write_text(UNSOLVED, encoding="utf-8")
    others = warm_processes()
    told = []
    with Examiner(COURSE, choose(unsafe=False), limit=LIMIT, budget=BUDGET) as examiner:
        for kept in (1, 0):
            (verdict,) = examiner.examine(submission, STEP, [EXERCISE], "seed")
            tests = [replace(test, seconds=0.0) for test in verdict.tests]
            told.append(replace(verdict, seconds=0.0, tests=tuple(tests)))
            assert len(warm_processes() - others) == kept
            for process in warm_processes() - others:  # the next one has to import all itself
                process.kill()
                process.wait()

    assert told[0] == told[1]
    assert told[0].state == "not_yet"


@pytest.mark.skipif(learners_uid() is None, reason="only root can be told from the learner")
@pytest.mark.parametrize("warm", [True, False])
def test_the_process_that_may_wait_for_a_processor_is_the_learners_own(
    submission: Path, monkeypatch: pytest.MonkeyPatch, warm: bool
) -> None:
    """And not what it starts, nor what started it."""
    code = "import os, time\nfor _ in range(3):\n    os.fork() or time.sleep(60)\ntime.sleep(60)\n"
    (submission / "app" / "__init__.py").write_text(code, encoding="utf-8")
    seen = []

    class Seen(Sandbox):
        def app(self) -> Runner | None:
            runner = super().app()
            if runner is None:
                return None
            with suppress(psutil.Error):  # it has gone meanwhile
                first, top = psutil.Process(runner.process), psutil.Process(runner.top)
                theirs = first.uids().real == self.uid
                seen.append((theirs, first in top.children(recursive=True), len(first.children())))
            return runner

    monkeypatch.setattr(isolation, "Sandbox", Seen)
    with Examiner(COURSE, choose(unsafe=False), limit=1.5, budget=BUDGET) as examiner:
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE], "seed", shuffled=not warm)

    assert verdict.state == "does_not_load"
    assert seen[-1] == (True, True, 3)


@pytest.mark.skipif(learners_uid() is None, reason="only root keeps a process warm")
def test_a_fork_that_is_quicker_than_what_started_it_waits(
    submission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine it may be ready before anybody has heard who it is."""
    slow = "import os, time\nfork = os.fork\n\n\ndef late():\n    pid = fork()\n"
    slow += "    if pid:\n        time.sleep(0.3)\n    return pid\n\n\nos.fork = late\n"
    (tmp_path / "late.py").write_text(slow, encoding="utf-8")
    surroundings = {**environment(0), "PYTHONPATH": str(tmp_path)}
    monkeypatch.setattr(isolation, "environment", lambda _: surroundings)
    monkeypatch.setattr(isolation, "imported", lambda _: ("late",))

    with Examiner(COURSE, choose(unsafe=False), limit=LIMIT, budget=BUDGET) as examiner:
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE])

    assert verdict.state == "solved"


@pytest.mark.skipif(learners_uid() is None, reason="only root keeps a process warm")
def test_a_warm_process_enters_nothing_but_a_sandbox() -> None:
    """The number of one that has gone may be that of any process meanwhile."""
    warm = Warm((), environment(0), LIBRARY)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            guest = warm.enter(os.getpid(), [], [listening.fileno()])
            with guest.line, guest.errors:
                assert line_of(guest.line) == b"1\n"
                assert b"the sandbox has gone" in guest.errors.read()
    finally:
        warm.close()


def warm_processes() -> set[psutil.Process]:
    below = psutil.Process().children()
    return {process for process in below if "checker.harness.warm" in process.cmdline()}


def test_results_do_not_depend_on_the_order(examiner: Examiner, submission: Path) -> None:
    (plain,) = examiner.examine(submission, STEP, [EXERCISE], "seed")
    (shuffled,) = examiner.examine(submission, STEP, [EXERCISE], "seed", shuffled=True)

    assert [test.name for test in plain.tests] == [test.name for test in shuffled.tests]
    assert shuffled.state == "solved"


def test_without_a_sandbox_nothing_is_graded_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EnvironmentTrouble, match="install the package bubblewrap") as caught:
        choose(unsafe=False)

    assert caught.value.exit_code == 4
    assert choose(unsafe=True) == Tier("none")
    assert {layer.name for layer in probe() if not layer.works} > {probes.BUBBLEWRAP}


def test_without_a_sandbox_the_same_is_judged(submission: Path) -> None:
    code = (HOSTILE / "resources.py").read_text(encoding="utf-8")
    keep = ("honest", "loop", "daemon", "leave", "segfault", "honest_still", "honest_to_the_end")
    with Examiner(COURSE, Tier("none"), limit=LIMIT, budget=BUDGET) as examiner:
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE])
        assert verdict.state == "solved"
        others = "".join(f"\n{door} = honest" for door in HORRORS if door not in keep)
        (submission / "app" / "__init__.py").write_text(code + others, encoding="utf-8")
        (verdict,) = examiner.examine(submission, STEP, [EXERCISE])

    said = {door: words(verdict, door) for door in keep if "honest" not in door}
    assert {door for door in said if not re.search(HORRORS[door], said[door])} == set()
    assert verdict.passed == len(verdict.tests) - len(said)


@pytest.mark.parametrize("odd", ["folder", "link", "pipe", "closed"])
def test_what_is_no_file_is_not_looked_at(judge: Judge, submission: Path, odd: str) -> None:
    path = submission / "app" / "more.py"
    if odd == "folder":
        path.mkdir()
    elif odd == "link":
        path.symlink_to("/dev/zero")
    elif odd == "pipe":
        os.mkfifo(path)
    else:
        path.write_text("x", encoding="utf-8")
        path.chmod(0)

    assert judge().state == "solved"
    assert flags(submission, STEP) == ()
