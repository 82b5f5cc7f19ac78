"""JSON: the report whole, as ``schemas/results-1.schema.json`` describes it.

It has the instructor's view: the words of hidden tests are in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checker.grade.formats import Source
from checker.grade.model import ClassReport, Grade
from checker.grade.points import rounded

VERSION = 1


def write(source: Source) -> list[Path]:
    text = json.dumps(document(source.report), indent=1, ensure_ascii=False)
    return [source.put("results.json", f"{text}\n")]


def document(report: ClassReport) -> dict[str, Any]:
    """The report as plain data, its points rounded as every format has them."""
    return {
        "version": VERSION,
        "title": report.title,
        "steps": list(report.steps),
        "problems": [asdict(problem) for problem in report.problems],
        "grades": [_grade(grade) for grade in report.grades],
    }


def _grade(grade: Grade) -> dict[str, Any]:
    table = asdict(grade)
    for name in ("score", "adjusted", "possible"):
        table[name] = _number(table[name])
    for exercise in table["exercises"]:
        for name in ("earned", "points"):
            exercise[name] = _number(exercise[name])
    return table


def _number(points: float | None) -> float | int | None:
    if points is None:
        return None
    number = rounded(points)
    return int(number) if number.is_integer() else number
