"""JSON: the report whole, as ``schemas/results-1.schema.json`` describes it.

It has the instructor's view: the words of hidden tests are in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from checker.grade.formats import Source
from checker.grade.model import ClassReport, Grade
from checker.grade.points import rounded

VERSION = 1


def write(source: Source) -> list[Path]:
    return [source.put("results.json", f"{_text(source.report)}\n")]


def document(report: ClassReport) -> dict[str, Any]:
    """The report as plain data, its points rounded as every format has them."""
    return {
        "version": VERSION,
        "title": report.title,
        "steps": list(report.steps),
        "problems": [asdict(problem) for problem in report.problems],
        "grades": [_grade(grade) for grade in report.grades],
    }


def _text(report: ClassReport) -> str:
    """``document`` as text, one learner after the other: a large class is never there twice."""
    head = _dumped(document(replace(report, grades=())))
    if not report.grades:
        return head
    # No string in it has a line feed, though it may have other ends of lines.
    each = (_dumped(_grade(grade)).replace("\n", "\n  ") for grade in report.grades)
    grades = ",\n".join(f"  {text}" for text in each)
    end = "[]\n}"  # of the grades, which come last, and of all
    return f"{head.removesuffix(end)}[\n{grades}\n ]\n}}"


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


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
