"""Reads what came from the app's process, where the learner's code may have written anything.

Each function returns a value of the kind that its name says, or raises
:class:`~checker.harness.frames.FrameError`: nothing that came is believed unseen.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from checker.harness.errors import Blame
from checker.harness.failure import Failure, Location
from checker.harness.frames import FrameError
from checker.harness.ground import DETAILS

NAME = 200
LINE = 1_000
TEXT = DETAILS + 100
_STATUS = re.compile(r"\d{1,3}( [^\r\n]*)?")


def table(value: Any, *keys: str) -> dict[str, Any]:
    """A table with exactly these keys."""
    if type(value) is not dict or value.keys() != set(keys):
        raise FrameError(f"expected a table of {', '.join(keys)}")
    return value


def text(value: Any, limit: int) -> str:
    """A text, cut at ``limit``; what no file can hold is replaced."""
    if type(value) is not str:
        raise FrameError("expected a text")
    return value[:limit].encode("utf-8", "replace").decode("utf-8")


def flag(value: Any) -> bool:
    if type(value) is not bool:
        raise FrameError("expected true or false")
    return value


def blame(value: Any) -> Blame:
    if value not in ("learner", "course"):
        raise FrameError("expected somebody to blame")
    return "learner" if value == "learner" else "course"


def status(value: Any) -> str:
    """A status line of HTTP: a number, and words where there are any."""
    line = text(value, LINE)
    if _STATUS.fullmatch(line) is None:
        raise FrameError("expected a status of HTTP")
    return line


def headers(value: Any) -> list[tuple[str, str]]:
    """Pairs of texts, none of which has a line break in it."""
    if type(value) is not list:
        raise FrameError("expected headers")
    pairs = []
    for pair in value:
        if type(pair) is not list or [type(part) for part in pair] != [str, str]:
            raise FrameError("expected a header's name and value")
        if any(mark in part for part in pair for mark in "\r\n\0"):
            raise FrameError("a header has a line break in it")
        pairs.append((pair[0], pair[1]))
    return pairs


def location(value: Any) -> Location | None:
    """A place in the learner's folder; never one outside."""
    if value is None:
        return None
    place = table(value, "file", "line", "function")
    file, line, function = place["file"], place["line"], place["function"]
    path = PurePosixPath(text(file, LINE))
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\:\0]", str(path)):
        raise FrameError("expected a file in the learner's folder")
    if line is not None and (type(line) is not int or not 0 <= line < 2**31):
        raise FrameError("expected the number of a line")
    return Location(text(file, LINE), line, None if function is None else text(function, NAME))


def failure(value: Any) -> Failure:
    """A failure to load, as the app's process tells of it."""
    told = table(value, "message", "asked", "expected", "got", "where", "printed", "details")
    lines = {
        name: None if told[name] is None else text(told[name], LINE)
        for name in ("asked", "expected", "got")
    }
    return Failure(
        message=text(told["message"], LINE),
        **lines,
        where=location(told["where"]),
        printed=text(told["printed"], TEXT),
        details=text(told["details"], TEXT),
    )
