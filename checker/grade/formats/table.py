"""CSV: one row for each learner and exercise, with what the learner should read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from checker.grade.formats import Source
from checker.grade.model import Grade, GradedExercise
from checker.grade.points import shown
from checker.grade.text import one_line
from checker.grade.view import for_learner
from checker.grade.words import failures

HEADER = (
    "student",
    "name",
    "standing",
    "score",
    "adjusted",
    "possible",
    "exercise",
    "title",
    "state",
    "earned",
    "points",
    "tests_passed",
    "tests",
    "unstable",
    "feedback",
    "flags",
)
# What a spreadsheet takes as the beginning of a formula; some skip blanks before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(source: Source) -> list[Path]:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADER)
    for grade in source.report.grades:
        table.writerows(_rows(for_learner(grade)))
    # The mark at the beginning is what makes a spreadsheet read UTF-8.
    return [source.put("results.csv", f"\ufeff{text.getvalue()}")]


def _rows(grade: Grade) -> Iterator[list[str]]:
    """A learner with no exercise, such as one who handed in nothing, still has a row."""
    learner = [
        safe(grade.student),
        safe(grade.name or ""),
        grade.standing,
        shown(grade.score),
        shown(grade.adjusted),
        shown(grade.possible),
    ]
    flags = safe("; ".join(flag.message for flag in grade.flags))
    if not grade.exercises:
        yield [*learner, *[""] * 8, safe(grade.reason or ""), flags]
    for exercise in grade.exercises:
        yield [*learner, *_cells(exercise), safe(_feedback(grade, exercise)), flags]


def _cells(exercise: GradedExercise) -> list[str]:
    passed = sum(test.outcome == "passed" for test in exercise.tests)
    return [
        exercise.id,
        safe(exercise.title),
        exercise.state,
        shown(exercise.earned),
        shown(exercise.points),
        str(passed),
        str(len(exercise.tests)),
        safe(", ".join(exercise.unstable)),
    ]


def _feedback(grade: Grade, exercise: GradedExercise) -> str:
    if grade.reason:
        return grade.reason
    return next((failure.message for _, failure in failures(exercise)), "")


def safe(text: str) -> str:
    """``text`` on one line; with an apostrophe first where a spreadsheet would calculate it."""
    flat = one_line(text)
    return f"'{flat}" if text.lstrip(" ").startswith(_FORMULA) or flat[:1] in _FORMULA else flat
