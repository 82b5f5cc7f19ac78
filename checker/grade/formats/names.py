"""A file name for each learner, whatever their id is made of."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

_LONGEST = 80
# Names that Windows keeps for devices, with any ending
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def file_names(students: Iterable[str]) -> dict[str, str]:
    """A name without ending for each id: safe on every file system, no two the same there."""
    plain = {student: _plain(student) for student in students}
    taken = Counter(name.casefold() for name in plain.values())
    return {
        student: name
        if name == student and taken[name.casefold()] == 1
        else f"{name}-{_digest(student)}"
        for student, name in plain.items()
    }


def _plain(student: str) -> str:
    name = re.sub(r"[^\w.@+-]+", "_", student).strip("._")[:_LONGEST].rstrip(".")
    return "learner" if not name or _RESERVED.match(name) else name


def _digest(student: str) -> str:
    return hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:8]
