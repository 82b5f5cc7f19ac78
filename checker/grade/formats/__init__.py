"""The result formats: each module here writes one, all of them from the same report.

What a format needs besides the report comes in :class:`Options`. A module has one public
function, ``write(source) -> list[Path]``, and is imported only when its format is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from checker import files
from checker.course import Course
from checker.errors import UserError
from checker.grade.model import ClassReport, Flag, Timing

# The name that is typed, and the module that writes it
_MODULES = {
    "json": "results",
    "junit": "junit",
    "gradescope": "gradescope",
    "classroom50": "classroom50",
    "github": "github",
    "canvas": "canvas",
    "moodle": "moodle",
    "csv": "table",
    "html": "pages",
}
FORMATS = tuple(_MODULES)

# The learners' own files: student, then path such as 01_architecture/app/hooks.py, then text.
Sources = Mapping[str, Mapping[str, str]]


def _to_stderr(problem: Flag) -> None:
    print(problem.message, file=sys.stderr)


@dataclass(frozen=True)
class Options:
    """What some formats need to know besides the report.

    ``gradebook`` is the file downloaded from Canvas, and ``column`` the title of the
    assignment in it, the report's own title if not given. ``worksheet`` is the file
    downloaded from Moodle. ``course`` gives the pages the words of known mistakes, and
    ``sources`` what they compare for similarity. ``tell`` gets what a format could not do,
    such as a learner who is in no gradebook.
    """

    course: Course | None = None
    sources: Sources | None = None
    gradebook: Path | None = None
    column: str | None = None
    worksheet: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    tell: Callable[[Flag], None] = _to_stderr


@dataclass(frozen=True)
class Source:
    """What every writer is given."""

    report: ClassReport
    timings: Mapping[str, Timing]
    out: Path
    options: Options

    def put(self, name: str, text: str | bytes) -> Path:
        """Write a file of the report, as a whole or not at all."""
        path = self.out / name
        # A lone surrogate stands for a byte of a file name that is no UTF-8.
        content = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
        files.write(path, content)
        return path


def write(
    report: ClassReport,
    timings: Mapping[str, Timing],
    out: Path,
    formats: Sequence[str],
    options: Options | None = None,
) -> list[Path]:
    """Write ``report`` below ``out`` in each of ``formats``; the paths of what was written.

    Raises :class:`~checker.errors.UserError` for a name that is no format, and where a
    format lacks what it needs.
    """
    unknown = [name for name in formats if name not in _MODULES]
    if unknown:
        raise UserError(f"{unknown[0]!r} is no format; the formats are {', '.join(FORMATS)}")
    source = Source(report, timings, out, options or Options())
    written: list[Path] = []
    for name in dict.fromkeys(formats):
        module = import_module(f"{__name__}.{_MODULES[name]}")
        written += module.write(source)
    return written
