"""Where the pages say that they teach a claim.

A page marks the place with ``{{ teaches("1.4b") }}``, on a line before the paragraph that
explains it. The mark is an anchor and shows nothing; the coverage map links to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(r"^ *\{\{ teaches\((?P<claims>[^)]*)\) \}\}$")
HEADING = re.compile(r"^(?P<level>#{1,6}) (?P<text>.+?)(?: \{ *#[^}]*\})?$")
FENCE = re.compile(r"^ *```")


@dataclass(frozen=True)
class Place:
    """A mark: its page below ``docs/``, and the section of that page it stands in."""

    claim: str
    page: str
    heading: str
    text: str
    """The section as its author wrote it: up to the next heading of the same level, or higher."""

    @property
    def link(self) -> str:
        """To the mark, from any page of the site."""
        return f"[{self.heading}](/{self.page}#{anchor(self.claim)})"


def anchor(claim: str) -> str:
    """What a mark is called in the page: ``claim-1-4b``."""
    return f"claim-{claim.replace('.', '-')}"


def marks(claims: tuple[str, ...]) -> str:
    """The anchors of several claims, in one line, so that they can stand in an indented block."""
    return "".join(f'<div class="claim" id="{anchor(claim)}"></div>' for claim in claims)


def taught(docs: Path) -> dict[str, list[Place]]:
    """The places of each claim. The steps' pages come first, those that go deeper after them."""
    places: dict[str, list[Place]] = {}
    for file in sorted(docs.rglob("*.md")):
        page = file.relative_to(docs).as_posix()
        for place in _places(page, file.read_text(encoding="utf-8").splitlines()):
            places.setdefault(place.claim, []).append(place)
    return places


def _places(page: str, lines: list[str]) -> Iterator[Place]:
    headings = list(_headings(lines))
    for number, line in enumerate(lines):
        if mark := MARK.match(line):
            above = [each for each in headings if each[0] < number]
            start, level, heading = above[-1] if above else (0, 1, page)
            ends = (each[0] for each in headings if each[0] > start and each[1] <= level)
            text = "\n".join(lines[start : next(ends, len(lines))])
            for claim in re.findall(r'"([^"]+)"', mark["claims"]):
                yield Place(claim, page, heading, text)


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """The line, the level and the words of each heading; a comment in a code block is none."""
    within_code = False
    for number, line in enumerate(lines):
        if FENCE.match(line):
            within_code = not within_code
        elif not within_code and (match := HEADING.match(line)):
            yield number, len(match["level"]), match["text"]
