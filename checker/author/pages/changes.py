"""What a step hands out beyond what the last one ended with, file by file."""

from __future__ import annotations

import re

from checker.author.diffs import FileChange, step_changes
from checker.author.pages.markup import counted, fence, folded, language_of
from checker.course import Course, Step

KINDS = ("changed", "added", "removed")
PAGES = {"changed": "changed", "added": "added", "removed": "changed"}
"""On which of a step's two pages of differences each kind stands: one page would be too heavy."""
UNREAD = {".lock": "a lock, written by `uv pip compile`: nobody reads it line by line"}
"""Files that a page names but does not show, by their ending."""


def changes(course: Course, step: Step) -> str:
    """Each file that differs, with the manifest's reason; and tests that no longer hold.

    Each leads to what differs, on a page of its own: it outweighs all the rest of a step's page.
    """
    found = step_changes(course, step)
    if not found:
        return "This is where the course begins: every file is new.\n"
    parts = []
    for kind, group in _grouped(found):
        page = f"/learn/{PAGES[kind]}/{step.name}.md"
        files = "".join(
            f"- [`{each.path}`]({page}#{_anchor(each)}) {each.reason}\n" for each in group
        )
        parts.append(folded(f"{counted(len(group), 'file')} {kind}", files, "changes"))
    if step.supersedes:
        rows = "".join(f"- `{each.test}`: {each.reason}\n" for each in step.supersedes)
        heading = f"{counted(len(step.supersedes), 'test')} of earlier steps, superseded"
        parts.append(folded(heading, rows, "changes"))
    return "".join(parts)


def differences(course: Course, step: Step, page: str) -> str:
    """What differs, for one of the two pages that ``changes`` leads to."""
    return "".join(
        f"## {counted(len(group), 'file')} {kind}\n\n"
        + "".join(_difference(step, each) for each in group)
        for kind, group in _grouped(step_changes(course, step))
        if PAGES[kind] == page
    )


def _grouped(found: list[FileChange]) -> list[tuple[str, list[FileChange]]]:
    groups = [(kind, [each for each in found if each.kind == kind]) for kind in KINDS]
    return [(kind, group) for kind, group in groups if group]


def _anchor(change: FileChange) -> str:
    return re.sub(r"[^a-z0-9]+", "-", change.path.lower()).strip("-")


def _difference(step: Step, change: FileChange) -> str:
    heading = f"### `{change.path}` {{ #{_anchor(change)} }}"
    reason = f"{change.reason[:1].upper()}{change.reason[1:]}.\n" if change.reason else ""
    return f"{heading}\n\n{reason}\n{_body(step, change)}\n"


def _body(step: Step, change: FileChange) -> str:
    if change.kind == "added":
        if why := next((said for end, said in UNREAD.items() if change.path.endswith(end)), ""):
            return f"It is {why}.\n"
        # All of it is new: the highlighting of its language says more than plus signs.
        text = (step.path / change.path).read_text(encoding="utf-8")
        return fence(text, language_of(change.path))
    return fence(change.diff, "diff")
