"""Short, one-line, never failing renderings of values that the learner's code made."""

from __future__ import annotations

import re

LINE = 160

# How a failure begins that is no test's own sentence; the author's tools look for these.
RAISED = "your code raised"
UNREADABLE = "the test could not read your answer"
FAULT = "the course's own test failed to run"


def one_line(text: str, limit: int = LINE) -> str:
    """``text`` without line breaks or control characters, cut at ``limit``."""
    flat = re.sub(r"\s+", " ", text).strip()
    clean = "".join(c if c.isprintable() else "\ufffd" for c in flat)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def shown(value: object, limit: int = LINE) -> str:
    """The ``repr`` of a value, also where that very method is broken."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - the learner's repr may raise anything
        text = f"<{type(value).__name__}: its repr() raised {type(error).__name__}>"
    return one_line(text, limit)


def raised(error: BaseException) -> tuple[str, str]:
    """An exception's class name, and the first line of its text."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 - the learner's str may raise anything
        text = f"<its str() raised {type(broken).__name__}>"
    first = next((line for line in text.splitlines() if line.strip()), "")
    return type(error).__name__, one_line(first)


def sentence(kind: str, message: str) -> str:
    """``KeyError: 'title'``, or the bare class name where there is no text."""
    return f"{kind}: {message}" if message else kind
