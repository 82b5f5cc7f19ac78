"""Short, one-line, never failing renderings of values that the learner's code made."""

from __future__ import annotations

import re

LINE = 160
RAISED_LINE = 240  # a library explains what it would have liked instead, at the end

_WHOLE = 20_000

# How a failure begins that is no test's own sentence; the author's tools look for these.
RAISED = "your code raised"
UNREADABLE = "the test could not read your answer"
FAULT = "the course's own test failed to run"


def one_line(text: str, limit: int = LINE) -> str:
    """``text`` without line breaks or control characters, cut at ``limit``."""
    flat = re.sub(r"\s+", " ", text).strip()
    clean = flat
    if not flat.isprintable():
        clean = "".join(c if c.isprintable() else "\ufffd" for c in flat)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def shown(value: object, limit: int = LINE) -> str:
    """The ``repr`` of a value, also where that very method is broken."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - the learner's repr may raise anything
        text = f"<{type(value).__name__}: its repr() raised {type(error).__name__}>"
    return one_line(text, limit)


def both_shown(left: object, right: object) -> tuple[str, str]:
    """The ``repr`` of two values; long ones begin shortly before the first difference."""
    texts = shown(_in_order_of(left, right), _WHOLE), shown(right, _WHOLE)
    pairs = zip(*texts, strict=False)
    common = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
    skip = common - LINE // 3
    if skip > 1 and max(map(len, texts)) > LINE:
        texts = "…" + texts[0][skip:], "…" + texts[1][skip:]
    return one_line(texts[0]), one_line(texts[1])


def _in_order_of(value: object, other: object, levels: int = 9) -> object:
    """``value`` with the keys of its tables, where they are the same, in the order of ``other``."""
    if levels and type(value) is dict and type(other) is dict and value.keys() == other.keys():
        return {key: _in_order_of(value[key], other[key], levels - 1) for key in other}
    if levels and type(value) is list and type(other) is list and len(value) == len(other):
        pairs = zip(value, other, strict=True)
        return [_in_order_of(one, two, levels - 1) for one, two in pairs]
    return value


def raised(error: BaseException) -> tuple[str, str]:
    """An exception's class name, and the first line of its text."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 - the learner's str may raise anything
        text = f"<its str() raised {type(broken).__name__}>"
    if isinstance(error, ImportError):
        text = text.removesuffix(f" ({error.path})")  # a package's file, not to be looked into
    first = next((line for line in text.splitlines() if line.strip()), "")
    return type(error).__name__, one_line(first, RAISED_LINE)


def sentence(kind: str, message: str) -> str:
    """``KeyError: 'title'``, or the bare class name where there is no text."""
    return f"{kind}: {message}" if message else kind
