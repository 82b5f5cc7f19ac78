"""start.py, run for real: every test below is a person typing ``python3 start.py``."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = ROOT / "start.py"
BASE_PYTHON = sys._base_executable
NOBODY_LISTENS = "http://127.0.0.1:9/simple/"
linux = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux mounts and capabilities")
posix = pytest.mark.skipif(os.name == "nt", reason="uses POSIX scripts and signals")


def unreachable(**more: str) -> dict[str, str]:
    """An environment whose package index cannot be reached."""
    return {
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": NOBODY_LISTENS,
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "UV_NO_INDEX": "0",
        "UV_DEFAULT_INDEX": NOBODY_LISTENS,
        "UV_FIND_LINKS": "",
        "UV_HTTP_RETRIES": "0",
        **more,
    }


def test_the_first_start_sets_up_and_opens_the_checker(course, tmp_path):
    outcome = course.start("list", "a b", cwd=tmp_path)

    assert outcome.code == 0, outcome.said
    assert outcome.set_up
    assert course.made_by_uv
    assert outcome.report["who"] == "checker"
    assert outcome.report["arguments"] == ["list", "a b"]
    assert Path(outcome.report["cwd"]).samefile(tmp_path), (
        "the checker must see the caller's folder"
    )
    assert Path(outcome.report["prefix"]).samefile(course.root / ".venv")


def test_the_second_start_installs_nothing_and_needs_no_network(started):
    before = started.stamps
    outcome = started.start(**unreachable())

    assert outcome.code == 0, outcome.said
    assert not outcome.set_up
    assert outcome.said == "", "a start with nothing to do has nothing to say"
    assert started.stamps == before


def test_test_runs_pytest_in_the_course(started, tmp_path):
    outcome = started.start("test", "-k", "name", cwd=tmp_path)

    assert outcome.report["who"] == "pytest"
    assert outcome.report["arguments"] == ["-k", "name"]
    assert Path(outcome.report["cwd"]).samefile(started.root)


@pytest.mark.parametrize("command", [[], ["test"]])
@pytest.mark.parametrize("code", [0, 1, 3, 70])
def test_the_exit_code_is_that_of_the_command(started, command, code):
    assert started.start(*command, EXIT_CODE=str(code)).code == code


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml"])
def test_a_changed_source_sets_up_again(course, file):
    course.start()
    with (course.root / file).open("a", encoding="utf-8") as source:
        source.write("\n# changed\n")

    assert course.start().set_up
    assert not course.start().set_up


def test_what_the_lock_no_longer_names_is_gone(course, wheels):
    folder, lock = wheels
    (course.root / "requirements.lock").write_text(
        lock + folder.add("extra", {"extra.py": b""}), encoding="utf-8"
    )
    course.start()
    [extra] = course.root.glob(".venv/**/extra.py")
    (course.root / "requirements.lock").write_text(lock, encoding="utf-8")
    course.start()

    assert not extra.exists()


def test_a_moved_course_sets_up_again(course):
    course.start()
    moved = type(course)(course.root.rename(course.root.with_name("moved")), course.environment)
    outcome = moved.start()

    assert outcome.code == 0, outcome.said
    assert outcome.set_up
    assert Path(outcome.report["prefix"]).samefile(moved.root / ".venv")


def test_a_wheel_that_is_not_the_locked_one_is_refused(course):
    lock = course.root / "requirements.lock"
    other = "0" * 64
    good = lock.read_text(encoding="utf-8").split("sha256:")[1][:64]
    lock.write_text(lock.read_text(encoding="utf-8").replace(good, other), encoding="utf-8")
    outcome = course.start()

    assert outcome.code == 4
    assert "hash" in outcome.said.lower()
    assert not course.stamps


@posix
def test_a_set_up_killed_halfway_is_repaired(course):
    (course.root / "hold").touch()
    process = course.popen()
    wait_for(course.root / "holding")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert (course.root / ".venv").exists()
    assert not course.stamps
    (course.root / "hold").unlink()

    outcome = course.start()
    assert outcome.code == 0, outcome.said
    assert outcome.set_up


@posix
def test_an_interrupted_set_up_says_so(course):
    (course.root / "hold").touch()
    process = course.popen()
    wait_for(course.root / "holding")
    os.killpg(process.pid, signal.SIGINT)
    outcome = course.finish(process)

    assert outcome.code == 4
    assert "Not set up: it was interrupted" in outcome.said
    assert "Traceback" not in outcome.said


def test_two_starts_at_once_set_up_once(course):
    (course.root / "hold").touch()
    first = course.popen("first")
    wait_for(course.root / "holding")
    second = course.popen("second")
    (course.root / "hold").unlink()
    outcomes = [course.finish(first), course.finish(second)]

    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    assert [outcome.set_up for outcome in outcomes] == [True, False]
    assert [outcome.report["arguments"] for outcome in outcomes] == [["first"], ["second"]]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


@posix
def test_where_uv_does_not_run_pip_does_it(course, wheels, tmp_path):
    folder = tmp_path / "wheels"
    shutil.copytree(wheels[0].folder, folder)
    broken = type(wheels[0])(folder).add("uv", {"uv-1.0.data/scripts/uv": b"#!/bin/false\n"})
    lock = wheels[1].split("uv==")[0] + broken
    (course.root / "requirements.lock").write_text(lock, encoding="utf-8")
    outcome = course.start("list", PIP_FIND_LINKS=str(folder))

    assert outcome.code == 0, outcome.said
    assert not course.made_by_uv
    assert outcome.report["arguments"] == ["list"]


def test_an_index_that_only_pip_is_told_of_will_do(course, wheels, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nno-index = true\nfind-links = {wheels[0].folder.as_posix()}\nuser = true\n"
        "require-virtualenv = true\n",
        encoding="utf-8",
    )
    outcome = course.start(
        **unreachable(PIP_CONFIG_FILE=str(config), PIP_NO_INDEX="", PIP_INDEX_URL="")
    )

    assert outcome.code == 0, outcome.said
    assert not course.made_by_uv


def test_settings_that_lead_elsewhere_are_not_followed(course, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for module in ("pip", "venv", "checker", "json"):
        (elsewhere / f"{module}.py").write_text("raise SystemExit('not this one')")
    outcome = course.start(
        VIRTUAL_ENV=str(elsewhere),
        PYTHONPATH=str(elsewhere),
        PIP_TARGET=str(elsewhere / "pip"),
        PIP_PREFIX=str(elsewhere / "prefix"),
        PIP_REQUIRE_VIRTUALENV="1",
        PIP_USER="1",
        UV_SYSTEM_PYTHON="1",
        UV_PYTHON=str(elsewhere / "python"),
        UV_CONSTRAINT=str(elsewhere / "none.txt"),
        UV_PROJECT_ENVIRONMENT=str(elsewhere),
        cwd=elsewhere,
        python=(BASE_PYTHON, "-P"),
    )

    assert outcome.code == 0, outcome.said
    assert course.made_by_uv
    assert outcome.report["who"] == "checker"
    assert Path(outcome.report["prefix"]).samefile(course.root / ".venv")
    assert "PYTHONPATH" not in outcome.report["environment"]
    assert {path.suffix for path in elsewhere.iterdir()} == {".py"}


def test_no_network_is_said_in_words(course):
    outcome = course.start(**unreachable())

    assert outcome.code == 4
    assert "Not set up: there is no network" in outcome.said
    assert str(course.root) in outcome.said
    again = "py start.py" if os.name == "nt" else "python3 start.py"
    assert f"then type: {again}" in outcome.said


OLD = "import runpy, sys; sys.version_info = (3, 8, 18); sys.version = '3.8.18 (default)';"
OLD += " sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


def old_pythons() -> list[tuple[str, ...]]:
    """This Python with an old version number, and every really old one found on the PATH."""
    found = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    return [(BASE_PYTHON, "-c", OLD), *((python,) for python in found if python and runs(python))]


def runs(python: str) -> bool:
    """Whether this is a Python: a version manager leaves its own stand-ins on the PATH."""
    return not subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode


@pytest.mark.parametrize("python", old_pythons(), ids=lambda python: Path(python[0]).name)
def test_an_old_python_is_told_that_it_is_old(course, python):
    outcome = course.start(python=python)

    assert outcome.code == 4
    assert "too old" in outcome.said
    assert "install 3.11 or newer" in outcome.said
    assert "Traceback" not in outcome.said
    assert not (course.root / ".venv").exists()


def test_an_old_python_can_read_the_file():
    assert ast.parse(START.read_text(encoding="utf-8"), feature_version=(3, 6)).body


@posix
@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("No module named pip", "this Python has no pip"),
        ("because ensurepip is not\navailable.", "this Python has no pip"),
        ("error: No space left on device (os error 28)", "the disk is full"),
        ("OSError: [Errno 30] Read-only file system", "the folder is closed to writing"),
        ("something nobody has met before", "a command failed"),
    ],
)
def test_a_python_that_cannot_install_says_why(course, tmp_path, words, what):
    # Stands in for the interpreter of a system without pip: all its modules end like this.
    broken = tmp_path / "python3"
    packages = "one, another, " * 100  # pip names all that it is about to install in one line
    text = f"#!/bin/sh\necho '{packages}'\necho '{words}'\nexit 1\n"
    broken.write_text(text, encoding="utf-8")
    broken.chmod(0o755)
    script = f"import runpy, sys; sys.executable = {str(broken)!r}; sys.argv = sys.argv[1:];"
    outcome = course.start(
        python=(BASE_PYTHON, "-c", script + " runpy.run_path(sys.argv[0], run_name='__main__')")
    )

    assert outcome.code == 4
    assert f"Not set up: {what}" in outcome.said
    assert words.splitlines()[-1] in outcome.said
    assert packages[:100] in outcome.said
    assert packages not in outcome.said


@linux
def test_a_checkout_that_cannot_be_written_to_is_told_apart(course):
    course.root.chmod(0o555)
    outcome = course.start(python=(*without_root_rights(), BASE_PYTHON))
    course.root.chmod(0o755)

    assert outcome.code == 4
    assert "Not set up: the folder is closed to writing" in outcome.said
    assert "copy the course elsewhere" in outcome.said


def without_root_rights() -> tuple[str, ...]:
    """A prefix for a command whose caller is root: modes of files bind it like anyone else."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@linux
def test_a_full_disk_is_told_apart(course, wheels, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    big = wheels[0].add("big", {"big.bin": os.urandom(4_000_000)})
    (course.root / "requirements.lock").write_text(wheels[1] + big, encoding="utf-8")
    disk = tmp_path / "small disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=True)
    try:
        small = type(course)(disk / "course", course.environment)
        shutil.copytree(course.root, small.root)
        outcome = small.start()
    finally:
        subprocess.run(["umount", disk], check=True)

    assert outcome.code == 4
    assert "Not set up: the disk is full" in outcome.said, outcome.said


def test_start_is_short_and_needs_the_standard_library_only():
    text = START.read_text(encoding="utf-8")
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))

    assert imported <= sys.stdlib_module_names
    assert len(text.splitlines()) < 100
