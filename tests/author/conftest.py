"""A small course for each test, to be spoilt by it, and warm engines for all of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from checker.author.bench import Bench, Engines
from checker.author.findings import Finding
from checker.author.verify import scope_of, verify
from checker.course import Course

# Its tests are there to grade, not to be collected here.
collect_ignore = ["course"]

Prove = Callable[..., list[Finding]]


@dataclass(frozen=True)
class MiniCourse:
    """Two steps, three exercises, and all that must be with them."""

    root: Path

    @property
    def course(self) -> Course:
        return Course.load(self.root)

    def path(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, encoding="utf-8", newline="\n")

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, f"{name} does not hold {old!r}"
        self.write(name, text.replace(old, new))


@pytest.fixture
def mini(tmp_path: Path) -> MiniCourse:
    root = tmp_path / "course"
    shutil.copytree(Path(__file__).parent / "course", root)
    # What `checker author` knows a course's folder by.
    (root / "checker").mkdir()
    (root / "checker" / "course.py").touch()
    return MiniCourse(root)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    with Engines(2) as engines:
        yield engines


@pytest.fixture
def prove(mini: MiniCourse, engines: Engines) -> Prove:
    """Run one proof on the small course, as it is by then: ``prove("matrix", "1.2")``."""

    def run(proof: str, *names: str, mutants: int | None = None) -> list[Finding]:
        course = mini.course
        bench = Bench(course, engines)
        scope = replace(scope_of(course, names), mutants=mutants)
        return [finding for _, finding in verify(bench, scope, [proof])]

    return run
