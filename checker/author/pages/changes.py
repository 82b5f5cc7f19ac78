"""What a step hands out beyond what the last one ended with, file by file."""

from __future__ import annotations

from checker.author.diffs import FileChange, step_changes
from checker.author.pages.markup import counted, fence, folded, language_of
from checker.course import Course, Step

KINDS = ("changed", "added", "removed")


def changes(course: Course, step: Step) -> str:
    """Each file that differs, with the manifest's reason; and tests that no longer hold.

    All of it is folded.
    """
    found = step_changes(course, step)
    if not found:
        return "This is where the course begins: every file is new.\n"
    parts = []
    groups = {kind: [each for each in found if each.kind == kind] for kind in KINDS}
    for kind, group in groups.items():
        if group:
            files = "".join(_change(step, each) for each in group)
            parts.append(folded(f"{counted(len(group), 'file')} {kind}", files, "changes"))
    if step.supersedes:
        rows = "".join(f"- `{each.test}`: {each.reason}\n" for each in step.supersedes)
        heading = f"{counted(len(step.supersedes), 'test')} of earlier steps, superseded"
        parts.append(folded(heading, rows, "changes"))
    return "".join(parts)


def _change(step: Step, change: FileChange) -> str:
    return folded(f"`{change.path}` {change.reason}", _body(step, change), "change")


def _body(step: Step, change: FileChange) -> str:
    if change.kind == "added":
        # All of it is new: the highlighting of its language says more than plus signs.
        text = (step.path / change.path).read_text(encoding="utf-8")
        return fence(text, language_of(change.path))
    return fence(change.diff, "diff")
