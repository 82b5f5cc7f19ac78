"""Three-way merge of one file, by the library ``merge3``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Merged:
    """One merged file. ``content`` is ``None`` where it goes away.

    ``conflict`` says what the learner has to look at, and is empty where nothing is.
    ``beside`` holds the learner's version where markers would break the file.
    """

    content: bytes | None
    conflict: str = ""
    beside: bytes | None = None


def merge(
    base: bytes | None,
    theirs: bytes | None,
    ours: bytes | None,
    their_name: str,
    our_name: str,
) -> Merged:
    """Bring the change from ``base`` to ``theirs`` into ``ours``; ``None`` stands for no file."""
    if theirs in (base, ours):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    if theirs is None:
        return Merged(ours, "you deleted it, and the course changed it: it is kept")
    if ours is None:
        return Merged(theirs, "you changed it, and it is gone from this step: yours is kept")
    if b"\0" in theirs + ours or _is_notebook(ours):
        return Merged(ours, "both sides changed it: your version lies beside it", theirs)
    return _merge_lines(base or b"", theirs, ours, their_name.encode(), our_name.encode())


def _merge_lines(
    base: bytes, theirs: bytes, ours: bytes, their_name: bytes, our_name: bytes
) -> Merged:
    from merge3 import Merge3

    # A file saved with CRLF differs from ours in every line: compare it without
    crlf = b"\r\n" in theirs and theirs.count(b"\r\n") == theirs.count(b"\n")
    base, theirs, ours = (
        text.replace(b"\r\n", b"\n") if crlf else text for text in (base, theirs, ours)
    )
    machine = Merge3(_lines(base), _lines(theirs), _lines(ours))
    conflict = any(region[0] == "conflict" for region in machine.merge_regions())
    lines = machine.merge_lines(name_a=their_name, name_b=our_name)
    content = b"".join(
        line if line.endswith(b"\n") or not conflict else line + b"\n" for line in lines
    )
    if crlf:
        content = content.replace(b"\n", b"\r\n")
    return Merged(
        content,
        "both sides changed the same lines: look for <<<<<<<" if conflict else "",
    )


def _lines(text: bytes) -> list[bytes]:
    """Lines that end with a newline alone, so that a lone carriage return stays where it is."""
    *whole, last = text.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])


def _is_notebook(content: bytes) -> bool:
    return content.lstrip().startswith(b"{") and b'"nbformat"' in content
