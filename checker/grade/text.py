"""Text that the learner's code had a hand in, made fit to be shown anywhere."""

from __future__ import annotations

import re

# What a terminal takes as a command: CSI, OSC with its ending, and the short ones
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/][0-~])"
)
# Controls but tab and line feed, marks that reorder text, lone surrogates, two non-characters
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """``text`` without terminal commands, its other control characters shown as signs.

    Line feeds and tabs stay; a carriage return before a line feed goes.
    """
    return _UNSEEN.sub(_sign, _ANSI.sub("", text).replace("\r\n", "\n"))


def one_line(text: str, limit: int | None = None) -> str:
    """The same on a single line, cut at ``limit`` characters with an ellipsis."""
    flat = " ".join(visible(text).split())
    return flat if limit is None or len(flat) <= limit else flat[: limit - 1] + "…"


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\\u{code:04x}"
