"""The zip that Gradescope takes as an autograder: two scripts, the checker, and the steps.

The same course gives the same bytes. The solutions stay at home: what is in the zip lies in the
container in which learners' code runs.
"""

from __future__ import annotations

import io
import shlex
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker import files
from checker.course import Course, Step
from checker.grade.reports import TEMPLATES

SCRIPTS = ("setup.sh", "run_autograder")
# What start.py needs, and what pyproject.toml names
_SET_UP = ("start.py", "pyproject.toml", "requirements.lock", "README.md", "LICENSE")
# The first moment that a zip can tell, so that no other one is in it
_MOMENT = (1980, 1, 1, 0, 0, 0)


def build_autograder(
    course: Course, steps: Sequence[Step], out: Path, *, unsafe: bool = False
) -> None:
    """Write the zip that grades ``steps`` to ``out``, as a whole or not at all.

    ``unsafe`` has it grade without a sandbox where the container allows none.
    """
    content = dict(_content(course, steps, unsafe))
    zipped = io.BytesIO()
    # Stored: what a compressor makes of it depends on its version.
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system = 3  # Unix, for the mode
            entry.external_attr = (0o100755 if name in SCRIPTS else 0o100644) << 16
            archive.writestr(entry, content[name])
    files.write(out, zipped.getvalue())


def _content(course: Course, steps: Sequence[Step], unsafe: bool) -> Iterator[tuple[str, bytes]]:
    options = [part for step in steps for part in ("--step", step.name)]
    options += ["--unsafe"] if unsafe else []
    for name in SCRIPTS:
        script = (TEMPLATES / "gradescope" / name).read_text(encoding="utf-8")
        yield name, script.replace("@OPTIONS@", shlex.join(options)).encode()
    for name in _SET_UP:
        yield name, (course.root / name).read_bytes()
    for name, path in files.tree(course.root / "checker").items():
        yield f"checker/{name}", path.read_bytes()
    for step in steps:
        for name, path in files.tree(step.path).items():
            yield f"steps/{step.name}/{name}", path.read_bytes()
        for name in _named_only(step):
            yield f"solutions/{step.name}/{name}", b""


def _named_only(step: Step) -> Iterator[str]:
    """The files that a manifest wants to be there, and grading never reads."""
    for exercise in step.exercises:
        yield from exercise.edit
        for mistake in exercise.mistakes:
            yield f"mistakes/{exercise.id}/{mistake}.patch"
