"""However a command ends, the exit code says whose matter it is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from checker.course import CourseError, NotFound
from checker.errors import EnvironmentTrouble, UserError
from checker.learn.ending import ended_in_order
from checker.learn.guard import guarded


@pytest.fixture(autouse=True)
def own_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (UserError("no such thing"), 2, "no such thing"),
        (NotFound("there is no step 9"), 2, "there is no step 9"),
        (EnvironmentTrouble("the disk is full"), 4, "the disk is full"),
        (CourseError(Path("step.toml"), "title", "is missing"), 4, "step.toml: title"),
        (OSError(28, "No space left on device", "work/x"), 4, "the disk is full"),
        (PermissionError(13, "Permission denied", "work/x"), 4, "no permission"),
        (ModuleNotFoundError("No module named 'flask'", name="flask"), 4, "flask"),
        (ZeroDivisionError("division by zero"), 70, "ZeroDivisionError"),
        (ModuleNotFoundError("No module named 'checker.x'", name="checker.x"), 70, "went wrong"),
        (KeyboardInterrupt(), 130, ""),
        (SystemExit(3), 3, ""),
        (SystemExit("words"), 1, ""),
        (SystemExit(), 0, ""),
    ],
)
def test_each_ending_has_its_code(
    error: BaseException, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    assert guarded(command) == code
    assert says in capsys.readouterr().err


def test_our_own_fault_is_short_and_leaves_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        secret = {"no": "such key"}
        secret["yes"]

    assert guarded(command) == 70
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "Your code is not at fault" in said
    trace = Path(said.rstrip().rpartition(": ")[2])
    assert "KeyError: 'yes'" in trace.read_text(encoding="utf-8")


def test_no_error_is_success() -> None:
    assert guarded(lambda: None) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_check_that_is_ended_is_no_verdict_and_leaves_nothing(
    learner: Any, tmp_path: Path, name: str, code: int
) -> None:
    """By Ctrl-C, by ``kill``, or with its terminal."""
    learner.session.workspace.start(learner.session.course.step(1))
    begun, scratch = learner.path("begun"), tmp_path / "scratch"
    scratch.mkdir()
    learner.save(
        "work/01_first/app/greeting.py",
        "import pathlib, time\n\n\n"
        f"def greet(name):\n    pathlib.Path({str(begun)!r}).touch()\n    time.sleep(60)\n",
    )
    command = [sys.executable, "-P", "-m", "checker", "check"]
    environment = learner.environment(TMPDIR=str(scratch))
    process = subprocess.Popen(command, cwd=learner.root, env=environment, stdout=subprocess.PIPE)
    end = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.Signals[name])
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"not yet" not in out
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_what_is_ignored_stays_ignored() -> None:
    """As ``nohup`` has it; and nobody's own handler is taken away."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_authors_commands_are_there(learner: Any) -> None:
    answer = learner.types("author", "--help")
    assert answer.code == 0
    assert "verify" in answer.out
    assert "author" in learner.types("--help").out
