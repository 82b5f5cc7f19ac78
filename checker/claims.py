"""The claims: what the course promises to teach, and which exercise practises which."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.course import CLAIM_ID, Course, CourseError


@dataclass(frozen=True)
class Section:
    """One section of the handbook, taught by the step of the same number."""

    number: int
    title: str
    claims: Mapping[str, str]


def load_claims(root: Path) -> tuple[Section, ...]:
    """Read ``claims.toml``; :class:`CourseError` names the file, the key and the reason."""
    file = root / "claims.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(file, "claims.toml", "the course has no list of claims") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(file, "syntax", str(error)) from None
    return tuple(
        _section(file, entry, place) for place, entry in enumerate(table.get("section", []), 1)
    )


def coverage(course: Course) -> dict[str, list[str]]:
    """The exercises that practise each claim: ``{"1.4b": ["1.4"]}``."""
    covered: dict[str, list[str]] = {}
    for exercise in course.exercises:
        for claim in exercise.covers:
            covered.setdefault(claim, []).append(exercise.id)
    return covered


def _section(file: Path, entry: dict[str, Any], place: int) -> Section:
    where = f"section {place}"
    for key, kind in (("number", int), ("title", str), ("claims", dict)):
        if not isinstance(entry.get(key), kind):
            raise CourseError(file, f"{where}.{key}", f"is missing or not a {kind.__name__}")
    for claim, text in entry["claims"].items():
        if CLAIM_ID.fullmatch(claim) is None or not claim.startswith(f"{entry['number']}."):
            raise CourseError(file, f"{where}.claims", f"{claim!r} is not a claim of this section")
        if not isinstance(text, str) or not text.strip():
            raise CourseError(file, f"{where}.claims.{claim}", "must be a text")
    return Section(entry["number"], entry["title"], entry["claims"])
