"""Lines for a terminal: styled spans, fitted to a width, in any encoding.

Passing and failing are always told by a word and a mark; colour only adds to them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TextIO

CODES = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "dim": "2",
    "strong": "1",
    "accent": "36",
}
NARROWEST = 20
# C0 and C1 controls, and the marks that reorder text on the screen
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Span(NamedTuple):
    """A piece of text in one style; a style of ``""`` is plain."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


class Glyphs(NamedTuple):
    """The marks, in a form the terminal's encoding has."""

    good: str
    bad: str
    open: str
    busy: str
    full: str
    empty: str
    more: str
    here: str


UNICODE = Glyphs("✓", "✗", "·", "…", "█", "░", "…", "▸")
ASCII = Glyphs("+", "x", "-", "~", "#", ".", "...", ">")


@dataclass(frozen=True)
class Console:
    """What the place we write to can show."""

    width: int
    height: int
    colour: bool
    glyphs: Glyphs

    @classmethod
    def of(cls, stream: TextIO) -> Console:
        """Look at a stream and the environment: size, colour (``NO_COLOR``), encoding."""
        width, height = _size(stream)
        terminal = stream.isatty()
        dumb = os.environ.get("TERM") == "dumb"
        colour = terminal and not dumb and not os.environ.get("NO_COLOR")
        return cls(width, height, colour, UNICODE if _has_unicode(stream) else ASCII)

    def paint(self, line: Line) -> str:
        """The line as text, with colour codes where the terminal has them."""
        if not self.colour:
            return "".join(span.text for span in line)
        return "".join(
            f"\x1b[{CODES[span.style]}m{span.text}\x1b[0m" if span.style else span.text
            for span in line
        )

    def fit(self, text: str, width: int) -> str:
        """``text`` in at most ``width`` cells, cut at the end with an ellipsis."""
        if cells(text) <= width:
            return text
        more = self.glyphs.more
        kept = ""
        for character in text:
            if cells(kept + character) > width - len(more):
                break
            kept += character
        return (kept + more)[: max(width, 0)]

    def fit_line(self, line: Line) -> Line:
        """The line cut to the console's width."""
        left = self.width
        kept: list[Span] = []
        for span in line:
            text = self.fit(span.text, left)
            kept.append(Span(text, span.style))
            left -= cells(text)
            if text != span.text or left <= 0:
                break
        return tuple(kept)

    def bar(self, done: int, total: int, width: int = 12) -> str:
        full = width * done // total if total else 0
        return self.glyphs.full * full + self.glyphs.empty * (width - full)


def line(*parts: str | Span) -> Line:
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def cells(text: str) -> int:
    """The columns ``text`` takes on the screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # knows wide and combining characters

    return cell_len(text)


def pad(text: str, width: int) -> str:
    return text + " " * max(width - cells(text), 0)


def wrap(text: str, width: int, most: int | None = None, more: str = "…") -> list[str]:
    """``text`` in lines of ``width`` cells; with over ``most`` lines, the last ends in ``more``."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        current = ""
        for word in paragraph.split(" "):
            joined = f"{current} {word}" if current else word
            if cells(joined) <= width:
                current = joined
                continue
            if current:
                lines.append(current)
            current = word
            while cells(current) > width:
                head = _head(current, width)
                lines.append(head)
                current = current[len(head) :]
        lines.append(current)
    if most is not None and len(lines) > most:
        rest = " ".join(lines[most - 1 :])  # a long word that did not fit beside the others, too
        lines = [*lines[: most - 1], _head(rest, width - len(more)).rstrip() + more]
    return lines


def _head(text: str, width: int) -> str:
    """The longest beginning of ``text`` in ``width`` cells, at least one character."""
    length = min(len(text), max(width, 1))
    while length > 1 and cells(text[:length]) > width:
        length -= 1
    return text[:length]


def neutral(text: str) -> str:
    """``text`` on one line, controls spelt out: the learner's code cannot steer the terminal."""
    return _UNSAFE.sub(_spell, text)


def neutral_lines(text: str) -> list[str]:
    """As :func:`neutral`, line by line, tabs widened."""
    return [neutral(row) for row in text.expandtabs(4).split("\n")]


def _spell(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def show(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Print lines, cut to the width on a terminal and whole elsewhere."""
    stream = stream or sys.stdout
    console = Console.of(stream)
    terminal = stream.isatty()
    for row in lines:
        fitted = console.fit_line(row) if terminal else row
        stream.write(console.paint(fitted).rstrip() + "\n")
    stream.flush()


def prepare_streams() -> None:
    """Let no character end in an exception; switch escape codes on where Windows has them off."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        for number in (-11, -12):
            handle = kernel.GetStdHandle(number)
            mode = ctypes.c_ulong()
            if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
                kernel.SetConsoleMode(handle, mode.value | 0x0004)


def _size(stream: TextIO) -> tuple[int, int]:
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns, rows = 80, 24
    return max(columns or 80, NARROWEST), max(rows or 24, 4)


def _has_unicode(stream: TextIO) -> bool:
    marks = "".join(UNICODE)
    try:
        marks.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
