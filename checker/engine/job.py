"""What to check: one exercise's tests, against one folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from checker.course import Course, Exercise


@dataclass(frozen=True)
class Job:
    """One check.

    ``root`` is the learner's step folder, or any copy of it. ``exercises`` is the folder
    with ``world.py``, ``test`` the file to run, both the course's own. ``select`` runs one
    test only, by its name. ``limit`` is the time for one test, in seconds.

    A test that ends its process (a loop without end, a crash) takes none of the others'
    points: they run in a new process, as long as such tests took less than ``budget``
    seconds together. By default a first loop is the last thing to run: a learner reads of
    it at once. Whoever grades has more patience.

    A remote app's process at ``address`` serves one job after the other, as long as every test
    passes, where ``whole`` names the files that all of them ask for, and ``stack`` is a file
    that they share. ``kept`` is the line to it, and the engine's own affair.
    """

    root: Path
    exercises: Path
    test: Path
    exercise: str
    edit: tuple[str, ...]
    select: str | None = None
    limit: float = 10.0
    budget: float = 10.0
    subject: Literal["direct", "remote"] = "direct"
    verbose: bool = False
    patience: float | None = None
    address: Path | None = None
    seen: Path | None = None
    seed: str | None = None
    shuffled: bool = False
    compiled: Path | None = None
    stack: Path | None = None
    whole: tuple[str, ...] | None = None
    kept: int | None = None

    @classmethod
    def for_exercise(cls, course: Course, exercise: Exercise, root: Path) -> Job:
        """The whole of ``exercise``, against the step folder ``root``."""
        tests = course.step_of(exercise).tests
        return cls(root, tests, tests / exercise.test, exercise.id, exercise.edit)

    def to_json(self) -> dict[str, Any]:
        paths = {name: str(getattr(self, name).resolve()) for name in _PATHS}
        others = {name: _text(getattr(self, name)) for name in _OTHER_PATHS}
        return {**asdict(self), **paths, **others}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Job:
        names = [name for name in (*_PATHS, *_OTHER_PATHS) if table[name] is not None]
        paths = {name: Path(table[name]) for name in names}
        whole = None if table["whole"] is None else tuple(table["whole"])
        return cls(**{**table, **paths, "edit": tuple(table["edit"]), "whole": whole})


_PATHS = ("root", "exercises", "test")
_OTHER_PATHS = ("address", "seen", "compiled", "stack")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
