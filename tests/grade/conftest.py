"""A small course, and classes that hand something in for it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.course import Course
from checker.files import tree

sys.path.insert(0, str(Path(__file__).parent))

SMALL = Path(__file__).parents[1] / "author" / "course"


def pytest_unconfigure() -> None:
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the checker keeps what is this user's, and not the course's: not at home, here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield Path(os.environ["XDG_STATE_HOME"])


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of two steps; nobody writes to it."""
    root = tmp_path_factory.mktemp("small") / "course"
    shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
    # What the checker knows a course's folder by.
    (root / "checker").mkdir()
    (root / "checker" / "course.py").touch()
    return root


@pytest.fixture(scope="session")
def course(root: Path) -> Course:
    return Course.load(root)


@pytest.fixture(scope="session")
def starter(course: Course) -> dict[str, bytes]:
    """What the first step hands out."""
    return contents(course.steps[0].path)


@pytest.fixture(scope="session")
def solved(course: Course, starter: dict[str, bytes]) -> dict[str, bytes]:
    """The first step as it should be handed in."""
    solution = contents(course.steps[0].solutions)
    return {**starter, **{name: solution[name] for name in solution if name.startswith("app/")}}


@pytest.fixture(scope="session")
def half(starter: dict[str, bytes], solved: dict[str, bytes]) -> dict[str, bytes]:
    """The first step with the first of its two exercises open."""
    return {**solved, "app/greeting.py": starter["app/greeting.py"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in tree(folder).items()}
