"""Digests of what the course hands out to be edited: ``steps/SHA256SUMS``.

By them an edit that was made in ``steps/``, and not in ``work/``, is noticed where no git tells.
The file is as ``sha256sum`` writes it, with the names below ``steps/``.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from checker.course import Course


def path(course: Course) -> Path:
    return course.root / "steps" / "SHA256SUMS"


def written(course: Course) -> str:
    """The file as it has to be: a line for each file that an exercise edits."""
    lines = []
    for step in course.steps:
        for name in sorted({name for exercise in step.exercises for name in exercise.edit}):
            content = (step.path / name).read_bytes()
            lines.append(f"{digest(content)}  {step.name}/{name}\n")
    return "".join(lines)


def known(course: Course) -> dict[str, str]:
    """The digest of each file, by its name below ``steps/``; nothing without the list."""
    try:
        lines = path(course).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for value, _, name in (line.partition("  ") for line in lines)}


def digest(content: bytes) -> str:
    """Of the text with the line ends that it has in the repository."""
    return sha256(content.replace(b"\r\n", b"\n")).hexdigest()
