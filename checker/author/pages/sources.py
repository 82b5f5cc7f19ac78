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
    """The text of ``steps/<step>/<file>``; :class:`NoSuchFile` when there is none."""
    top, _, rest = path.partition("/")
    name, _, inside = rest.partition("/")
    if top != "steps" or not inside:
        raise NoSuchFile(
            f"{path!r} must begin with a step, such as steps/01_architecture/wsgi.py"
        )
    found = file_of(course.step(name), inside, solved)
    if not found.is_file():
        raise NoSuchFile(f"there is no file {path}")
    return found.read_text(encoding="utf-8")
