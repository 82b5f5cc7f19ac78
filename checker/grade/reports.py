"""The HTML pages: one for each learner, one for the class.

Each is whole in itself: no script, no request, one style sheet within. What the learner's code
had a hand in goes through :func:`~checker.grade.text.visible`, and is escaped by the templates.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from checker.grade import words
from checker.grade.analysis import Analysis, Item
from checker.grade.model import ClassReport, Grade, GradedExercise
from checker.grade.points import shown
from checker.grade.similarity import Pair
from checker.grade.text import one_line, visible
from checker.grade.view import for_learner

TEMPLATES = Path(__file__).parent / "templates"

# A mark for each state, so that none is told by colour alone
MARKS = {"solved": "✓", "not_yet": "✗", "does_not_load": "✗", "tampered": "⚑", "absent": "–"}
OUTCOME_MARKS = {"passed": "✓", "failed": "✗", "timed_out": "✗", "not_run": "–"}
_BINS = 10


@dataclass(frozen=True)
class Cell:
    """One learner at one exercise: ``level`` from 0 to 4 by the share of the points."""

    state: str
    earned: str
    points: str
    level: int


@dataclass(frozen=True)
class Column:
    """An exercise as a column of the heat map."""

    id: str
    title: str


@dataclass(frozen=True)
class Bar:
    """The learners in one tenth of the points."""

    low: int
    high: int
    count: int


def learner_page(grade: Grade, report: ClassReport) -> str:
    """What one learner gets: their points, and for each exercise what failed and where."""
    seen = for_learner(grade)
    steps = [
        (step, list(exercises))
        for step, exercises in groupby(seen.exercises, key=lambda each: each.step)
    ]
    return _render("learner.html", title=report.title, grade=seen, steps=steps)


def class_page(
    report: ClassReport,
    analysis: Analysis,
    pairs: Sequence[Pair] | None,
    links: Mapping[str, str],
) -> str:
    """What the instructor gets. ``pairs`` is ``None`` where nothing was compared.

    ``links`` gives each learner's own page, relative to this one.
    """
    columns = _columns(report)
    rows = [(grade, [_cell(grade, column) for column in columns]) for grade in report.grades]
    return _render(
        "class.html",
        title=report.title,
        report=report,
        columns=columns,
        rows=rows,
        analysis=analysis,
        tests=[item for item in analysis.items if item.test is not None and item.warnings],
        bars=_distribution(report),
        numbers=_numbers(report),
        pairs=pairs,
        links=links,
        odd=[grade for grade in report.grades if grade.standing != "graded" or grade.flags],
        tiers=_tiers(report),
        unsafe=any(grade.provenance and grade.provenance.tier == "none" for grade in report.grades),
    )


def _columns(report: ClassReport) -> list[Column]:
    found: dict[str, Column] = {}
    for grade in report.grades:
        for exercise in grade.exercises:
            found.setdefault(exercise.id, Column(exercise.id, exercise.title))
    return [found[name] for name in sorted(found, key=words.place)]


def _cell(grade: Grade, column: Column) -> Cell | None:
    exercise = next((each for each in grade.exercises if each.id == column.id), None)
    if exercise is None:
        return None
    return Cell(exercise.state, shown(exercise.earned), shown(exercise.points), level(exercise))


def level(exercise: GradedExercise) -> int:
    """0 for nothing, 4 for all of the points, and three steps in between."""
    share = exercise.earned / exercise.points if exercise.points else 0.0
    if share <= 0:
        return 0
    return 4 if exercise.state == "solved" else min(1 + int(share * 3), 3)


def _scores(report: ClassReport) -> list[tuple[float, float]]:
    return [
        (grade.adjusted, grade.possible) for grade in report.grades if grade.adjusted is not None
    ]


def _distribution(report: ClassReport) -> list[Bar]:
    counts = [0] * _BINS
    for points, possible in _scores(report):
        share = points / possible if possible else 0.0
        counts[min(int(share * _BINS + 1e-9), _BINS - 1)] += 1
    width = 100 // _BINS
    return [Bar(place * width, (place + 1) * width, count) for place, count in enumerate(counts)]


def _numbers(report: ClassReport) -> dict[str, str]:
    import statistics

    scores = [points for points, _ in _scores(report)]
    solved = sum(
        bool(grade.exercises) and all(each.state == "solved" for each in grade.exercises)
        for grade in report.grades
    )
    return {
        "learners": str(len(report.grades)),
        "with a score": str(len(scores)),
        "median": shown(statistics.median(scores)) if scores else "none yet",
        "mean": shown(statistics.fmean(scores)) if scores else "none yet",
        "solved everything": str(solved),
        "with a flag": str(sum(bool(grade.flags) for grade in report.grades)),
    }


def _tiers(report: ClassReport) -> list[tuple[str, int]]:
    tiers = [grade.provenance.tier for grade in report.grades if grade.provenance]
    return [(tier, tiers.count(tier)) for tier in sorted(set(tiers))]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.0f} %"


def _signed(number: float | None) -> str:
    return "" if number is None else f"{number:+.2f}".replace("-", "\N{MINUS SIGN}")


def _strength(item: Item) -> int:
    """Where the pass rate stands, as a level of the heat map."""
    return 0 if not item.rate else 4 if item.rate == 1 else 1 + int(item.rate * 3)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - our own file, and a style element holds no markup
        style_hash=f"sha256-{digest}",
        words=words,
        marks=MARKS,
        outcome_marks=OUTCOME_MARKS,
        strength=_strength,
    )
    environment.filters.update(
        points=shown, plain=one_line, block=visible, percent=_percent, signed=_signed
    )
    return environment


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)
