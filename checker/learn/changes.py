"""Differences worth showing: the learner's files to the solution, and edits in ``steps/``."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from pathlib import Path

from checker import sums
from checker.course import Course, Exercise, Step
from checker.errors import UserError
from checker.files import read
from checker.learn.text import Line, Span, line, neutral
from checker.workspace import Workspace

GIT_SECONDS = 10


def solution_diff(workspace: Workspace, exercise: Exercise) -> str:
    """A unified diff from the learner's files to the solution; empty when they are the same."""
    step = workspace.course.step_of(exercise)
    parts: list[str] = []
    for name in exercise.edit:
        mine = _text(workspace.folder(step) / name)
        solution = _text(step.solutions / name)
        parts += difflib.unified_diff(
            mine.splitlines(),
            solution.splitlines(),
            f"yours/{name}",
            f"solution/{name}",
            lineterm="",
        )
    return "\n".join(parts)


def diff_lines(diff: str) -> list[Line]:
    """A diff for the terminal; the signs in front tell the sides, colour only helps."""
    return [
        line(" ", Span(neutral(row.expandtabs(4)), _diff_style(row))) for row in diff.splitlines()
    ]


def _diff_style(row: str) -> str:
    if row.startswith(("+++", "---")):
        return "strong"
    return {"+": "good", "-": "bad", "@": "accent"}.get(row[:1], "")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""


def strays(course: Course) -> dict[str, list[str]]:
    """Files edited in ``steps/`` by step name, as git sees them.

    Where there is no git, of the files that an exercise edits those that are not as handed out.
    """
    edited = _git(course.root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", "steps")
    if edited is None:
        return _edited(course)
    added = _git(course.root, "ls-files", "--others", "--exclude-standard", "-z", "--", "steps")
    found: dict[str, list[str]] = {}
    for entry in (edited + (added or b"")).split(b"\0"):
        path = os.fsdecode(entry)
        parts = path.split("/", 2)
        if len(parts) == 3 and any(step.name == parts[1] for step in course.steps):
            found.setdefault(parts[1], []).append(parts[2])
    return found


def _edited(course: Course) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place, digest in sums.known(course).items():
        step, _, name = place.partition("/")
        content = read(course.root / "steps" / place)
        if content is None or sums.digest(content) != digest:
            found.setdefault(step, []).append(name)
    return found


def stray_contents(
    workspace: Workspace, step: Step
) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Each edited file of a step: what the course has there, and what was found.

    Without git the course's version is the learner's, as long as they have not begun; after
    that :class:`~checker.errors.UserError` says what to do by hand.
    """
    course = workspace.course
    with_git = has_git(course)
    contents = {}
    for name in strays(course).get(step.name, []):
        if with_git:
            base = _git(course.root, "show", f"HEAD:./steps/{step.name}/{name}")
        else:
            base = _handed_out(workspace, step, name)
        contents[name] = (base, read(step.path / name))
    return contents


def _handed_out(workspace: Workspace, step: Step, name: str) -> bytes:
    mine = read(workspace.folder(step) / name)
    if mine is None or sums.digest(mine) != sums.known(workspace.course)[f"{step.name}/{name}"]:
        raise UserError(
            f"there is no git here to bring back the course's steps/{step.name}/{name}: copy what"
            f" you wrote there to work/{step.name}/{name}, then unpack the course anew"
        )
    return mine


def stray_message(course: Course) -> str:
    """What to say about edits in ``steps/``; empty when there are none."""
    found = strays(course)
    if not found:
        return ""
    step = course.step(next(iter(found)))
    files = found[step.name]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return (
        f"steps/{step.name}/{files[0]}{more} changed, which is the course's own copy."
        f" Move it to work/: checker start {step.number} --adopt"
    )


def has_git(course: Course) -> bool:
    """Whether git is there and the course is in a repository."""
    return _git(course.root, "rev-parse", "--is-inside-work-tree") is not None


def _git(root: Path, *arguments: str) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
