"""Where a file of the course lies: in a step as handed out, or in its solved state."""

from __future__ import annotations

from pathlib import Path

from checker.course import Course, Step


class NoSuchFile(LookupError):
    """A page asks for a file that the course does not have."""


def file_of(step: Step, path: str, solved: bool = False) -> Path:
    """The file ``path`` of a step. Solved, the solution lies over the starter."""
    solution = step.solutions / path
    return solution if solved and solution.is_file() else step.path / path


def read(course: Course, path: str, solved: bool = False) -> str:
    """The text of ``steps/<step>/<file>`` or ``docs/examples/<file>``.

    :class:`NoSuchFile` when there is none.
    """
    found = _find(course, path, solved)
    if not found.is_file():
        raise NoSuchFile(f"there is no file {path}")
    return found.read_text(encoding="utf-8")


def _find(course: Course, path: str, solved: bool) -> Path:
    match path.split("/", 2):
        case ["steps", name, inside]:
            return file_of(course.step(name), inside, solved)
        case ["docs", "examples", _]:
            return course.root / path
        case _:
            raise NoSuchFile(f"{path!r} is neither in a step nor in docs/examples/")
