"""What a step hands out beyond what the last one ended with, file by file."""

from __future__ import annotations

import difflib
from pathlib import Path

from checker.author.pages.markup import fence, folded, language_of
from checker.author.pages.sources import file_of
from checker.course import Course, Step


def changes(course: Course, step: Step) -> str:
    """Each file that the manifest declares as changed: its reason, and the diff folded."""
    if not step.changes:
        return "This is where the course begins: every file is new.\n"
    before = course.step(step.number - 1)
    return "\n".join(
        _change(before, step, path, reason) for path, reason in step.changes.items()
    )


def _change(before: Step, step: Step, path: str, reason: str) -> str:
    old = _text(file_of(before, path, solved=True))
    new = _text(file_of(step, path))
    if old is None and new is None:
        raise LookupError(
            f"{step.name}: [changes] names {path}, which neither step has"
        )
    if old is None or new is None:
        kind, text = ("added", new) if old is None else ("removed", old)
        body = fence(text or "", language_of(path))
    else:
        kind, body = "changed", fence(_diff(old, new, path), "diff")
    return folded(f"`{path}` {kind}: {reason}", body, kind="change")


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _diff(old: str, new: str, path: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm=""
    )
    return "\n".join(lines)
