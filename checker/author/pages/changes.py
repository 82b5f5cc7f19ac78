"""What a step hands out beyond what the last one ended with, file by file."""

from __future__ import annotations

from checker.author.diffs import FileChange, step_changes
from checker.author.pages.markup import fence, folded, language_of
from checker.course import Course, Step


def changes(course: Course, step: Step) -> str:
    """Each file that differs: the manifest's reason, and what differs, folded."""
    found = step_changes(course, step)
    if not found:
        return "This is where the course begins: every file is new.\n"
    return "".join(
        folded(
            f"`{change.path}` {change.kind}: {change.reason}",
            _body(step, change),
            "change",
        )
        for change in found
    )


def _body(step: Step, change: FileChange) -> str:
    if change.kind == "added":
        # All of it is new: the highlighting of its language says more than plus signs.
        text = (step.path / change.path).read_text(encoding="utf-8")
        return fence(text, language_of(change.path))
    return fence(change.diff, "diff")
