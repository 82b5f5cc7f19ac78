"""``checker new``: what it refuses, what it makes, and that the course stays behind."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checker.audit.options import read_options
from checker.audit.run import audit
from checker.author.project import make
from checker.author.project.commands import COMMANDS, new
from checker.author.project.locks import dev_lock, entries
from checker.author.project.make import TemplateError, make_project, project
from checker.author.project.names import LONGEST, check_name
from checker.author.trees import write_tree
from checker.course import Course
from checker.errors import EnvironmentTrouble, UserError

ROOT = Path(__file__).parents[2]
NAME = "a-shop-with-the-longest-name-1"
COURSE = re.compile(
    r"\b(courses?|exercises?|learners?|starters?|solutions?|lessons?|steps? \d|tours?|checker|"
    r"world|NotBuiltYet|not_implemented|501|section:)\b",
    re.IGNORECASE,
)
ANOTHER_WORLD = ("certificates of the world", "For the world:")
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.load(ROOT)


@pytest.fixture(scope="module")
def files(course: Course) -> dict[str, str]:
    return {path: blob.data.decode() for path, blob in project(course, NAME).items()}


# Names


@pytest.mark.parametrize("name", ["shop", "s", "my-shop", "shop2", "library", "a" * LONGEST])
def test_a_name_that_is_good_everywhere_is_taken(name: str) -> None:
    check_name(name, {"flask"})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("My_Shop", "my-shop would do"),
        ("2 shops", "shops would do"),
        ("shop-", "shop would do"),
        ("my--shop", "my-shop would do"),
        ("a" * (LONGEST + 1), "at most 30"),
        ("", "a letter first"),
        ("商店", "a letter first"),
        ("shop\n", "shop would do"),
        ("app", "the project's own"),
        ("null", "YAML's"),
        ("public", "PostgreSQL's"),
        ("flask", "a package that the project needs"),
    ],
)
def test_another_name_is_refused_with_the_reason(name: str, says: str) -> None:
    with pytest.raises(UserError, match=re.escape(says)):
        check_name(name, {"flask"})


# Places


def content(folder: Path) -> dict[str, str]:
    """Everything below a folder, and what the files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else ""
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("taken", "is not empty"),
        ("file", "there is a file"),
        ("nowhere/shop", "there is no folder"),
        ("file/shop", "there is no folder"),
        ("link", "there is a file"),
    ],
)
def test_what_is_there_stays_as_it_is(
    course: Course, tmp_path: Path, place: str, says: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    if sys.platform != "win32":  # links need a right there
        (tmp_path / "link").symlink_to("nowhere")
    else:
        (tmp_path / "link").write_text("mine")
    before = content(tmp_path)

    with pytest.raises(UserError, match=says):
        make_project(course, tmp_path / place)

    assert content(tmp_path) == before


def test_an_empty_folder_is_filled(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)

    made = make_project(course, Path("shop"))

    assert list(tmp_path.iterdir()) == [made] == [tmp_path / "shop"]
    assert (made / "app/__init__.py").is_file()


@pytest.mark.parametrize("place", [".", "..", "../shop"])
def test_nobody_loses_the_folder_they_are_in(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")

    with pytest.raises(UserError, match=r"you are in|cannot be the name"):
        make_project(course, Path(place))

    assert content(tmp_path) == {"shop": ""}


def test_where_nobody_may_write_the_folder_is_named(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(tree: make.Mapping[str, make.Blob], folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(make, "write_tree", refuses)

    with pytest.raises(EnvironmentTrouble, match="choose another folder"):
        make_project(course, tmp_path / "shop")

    assert content(tmp_path) == {}


def test_half_a_project_is_none(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fills_the_disk(tree: make.Mapping[str, make.Blob], folder: Path) -> None:
        write_tree(dict(list(tree.items())[:5]), folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(make, "write_tree", fills_the_disk)

    with pytest.raises(OSError, match="No space"):
        make_project(course, tmp_path / "shop")

    assert content(tmp_path) == {}


def test_who_was_quicker_keeps_the_place(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def and_so_does_somebody_else(tree: make.Mapping[str, make.Blob], folder: Path) -> None:
        write_tree(tree, folder)
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop/theirs.txt").write_text("theirs")

    monkeypatch.setattr(make, "write_tree", and_so_does_somebody_else)

    with pytest.raises(UserError, match="is not empty"):
        make_project(course, tmp_path / "shop")

    assert content(tmp_path) == {"shop": "", "shop/theirs.txt": "theirs"}


# What is made


def test_nothing_of_the_course_is_left(files: dict[str, str]) -> None:
    left = [
        f"{path}: {line.strip()}"
        for path, text in files.items()
        if path != "LICENSE" and not path.endswith(".lock")
        for line in text.splitlines()
        if COURSE.search(line) and not any(words in line for words in ANOTHER_WORLD)
    ]

    assert left == []
    assert not [path for path in files if path.startswith(("exercises/", "step.toml", "tour"))]


def test_the_name_is_everywhere(files: dict[str, str]) -> None:
    text = "\n".join(files.values())

    assert re.findall(r".*(?<!docker\.io)[\"'/@]library\b.*|.*[>·] ?Library.*", text) == []
    assert re.findall(r".*LIBRARY_.*", text) == []
    assert "{{ name }}" not in text
    for path in ("Dockerfile", "compose.yaml", "deploy/nginx.conf", "pyproject.toml"):
        assert NAME in files[path]
        assert re.findall(r"(?<!docker\.io/)\blibrary\b", files[path]) == []


def test_the_readme_names_what_is_there(files: dict[str, str]) -> None:
    listed = re.findall(r"^- in (`.*(?:\n  .*)*)", files["README.md"], re.MULTILINE)
    named = [re.findall(r"`([^`]+)`", line) for line in listed]
    paths = [folder + name for folder, *names in named for name in names]

    assert len(paths) > 20
    assert [path for path in paths if not any(file.startswith(path) for file in files)] == []


def test_a_line_that_is_gone_is_our_fault_and_named(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template.toml"
    template.write_text(
        'service = []\nadd = {}\n[[replace]]\nfile = "wsgi.py"\nold = "was here"\nnew = ""\n'
    )
    monkeypatch.setattr(make, "TEMPLATE", template)

    with pytest.raises(TemplateError, match=r"wsgi\.py of step 8 has no 'was\\\\ here'"):
        project(course, "shop")


def test_each_project_has_a_secret_of_its_own(course: Course, tmp_path: Path) -> None:
    make_project(course, tmp_path / "shop")
    secret = (tmp_path / "shop/.env").read_text()

    assert re.search(r"^SECRET_KEY=[0-9a-f]{64}$", secret, re.MULTILINE)
    assert secret != project(course, "shop")[".env"].data.decode()
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "shop/.env").stat().st_mode) == 0o600


# The locks


def test_a_lock_holds_what_is_asked_for_and_what_that_asks_for() -> None:
    everything = """\
ruff==1 \\
    --hash=sha256:a
    # via the-course (pyproject.toml)
pytest==2 \\
    --hash=sha256:b
    # via
    #   the-course (pyproject.toml)
    #   nbval
iniconfig==3 ; python_full_version < '3.12' \\
    --hash=sha256:c
    # via pytest
iniconfig==4 ; python_full_version >= '3.12' \\
    --hash=sha256:d
    # via pytest
nbval==5 \\
    --hash=sha256:e
    # via the-course (pyproject.toml)
"""
    group = '[dependency-groups]\ndev = ["pytest~=2.0"]\n'

    lock = dev_lock(group, "flask==6 \\\n    --hash=sha256:f\n    # via shop\n", everything)

    assert re.findall(r"^(\w+==\d).*\n    --hash=sha256:(\w)$", lock, re.MULTILINE) == [
        ("flask==6", "f"),
        ("iniconfig==3", "c"),
        ("iniconfig==4", "d"),
        ("pytest==2", "b"),
    ]
    with pytest.raises(KeyError, match="mypy"):
        dev_lock('[dependency-groups]\ndev = ["mypy"]\n', "", everything)


def test_the_tools_are_locked_beside_the_versions_that_they_were_tested_with(
    files: dict[str, str],
) -> None:
    course, runtime, tools = (
        {name: re.findall(r"==(\S+)", entry) for name, entry in entries(lock).items()}
        for lock in (
            (ROOT / "requirements.lock").read_text(encoding="utf-8"),
            files["requirements.lock"],
            files["requirements-dev.lock"],
        )
    )
    table = tomllib.loads(files["pyproject.toml"])
    wanted = [*table["project"]["dependencies"], *table["dependency-groups"]["dev"]]

    assert {canonicalize_name(Requirement(line).name) for line in wanted} <= tools.keys()
    assert runtime.keys() < tools.keys()
    assert {name: course[name] for name in tools} == tools


# The command


def test_the_command_says_how_to_begin_as_the_readme_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(new, ["shop"])

    first, *then = done.output.splitlines()
    readme = (tmp_path / "shop/README.md").read_text(encoding="utf-8")
    assert first.startswith("Made shop. ")
    assert [line.strip() for line in then] == ["cd shop", *COMMANDS]
    if sys.platform != "win32":
        assert re.findall(r"^\$ (.*)", readme, re.MULTILINE)[:2] == list(COMMANDS)


def test_a_refusal_is_no_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "new", "flask"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "a package that the project needs" in done.stderr
    assert content(tmp_path) == {}


# As somebody uses it. Its tests, types and coverage are a part of .ci/run: .ci/steps.py


def test_it_holds_and_answers_as_made(course: Course, tmp_path: Path) -> None:
    root = tmp_path / NAME
    make_project(course, root)

    report = audit(root, read_options(root))
    assert [f"{finding.rule.id} {finding.hit.file}" for finding in report.findings] == []
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        runs(root, *command)
    *before, run = commands(root, "Run it")
    assert [command[:2] for command in (*before, run)] == RUN_IT
    for command in before:
        if command[1] != "add-user" or sys.platform != "win32":  # there it asks the console
            runs(root, *command, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert run == ["flask", "run"]
    with served(root) as address:
        with urlopen(f"{address}/readiness") as answer:  # noqa: S310 - ours
            assert json.load(answer)["status"] == "ready"
        paths = re.findall(r"`(?:http://localhost:5000)?(/\S+/)`", answers(root))
        assert len(paths) == 2
        for path in paths:
            with urlopen(f"{address}{path}") as answer:  # noqa: S310 - ours
                assert answer.status == 200, path


RUN_IT = [["flask", "db"], ["flask", "seed"], ["flask", "add-user"], ["flask", "run"]]
PASSWORD = "a long enough password"


def section(root: Path, title: str) -> str:
    readme = (root / "README.md").read_text(encoding="utf-8")
    return readme.partition(f"## {title}\n")[2].partition("\n## ")[0]


def commands(root: Path, title: str) -> list[list[str]]:
    """The app's own commands that a section of the README says, each as words."""
    lines = re.findall(r"^\$ (flask .*)", section(root, title), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def answers(root: Path) -> str:
    """The sentence in which the README says what answers."""
    (line,) = re.findall(r"^It answers at .*", section(root, "Run it"), re.MULTILINE)
    return str(line)


def runs(root: Path, *command: str, typed: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=environment(),
        input=typed,
        start_new_session=True,  # without a terminal: what it asks is answered here
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@contextmanager
def served(root: Path) -> Iterator[str]:
    """``flask run`` on a port that the system chooses, as soon as it tells which one."""
    said = root / "server.log"
    command = [sys.executable, "-m", "flask", "run", "--port", "0"]
    with said.open("wb") as log:
        server = subprocess.Popen(command, cwd=root, env=environment(), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text("utf-8"))):
            assert server.poll() is None, said.read_text("utf-8")
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.05)
        yield found[0]
    finally:
        server.kill()
        server.wait()


def environment() -> dict[str, str]:
    """Nothing that is set for other apps: no database, no secret, no environment's name."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}
