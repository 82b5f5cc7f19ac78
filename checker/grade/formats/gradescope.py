"""Gradescope's ``results.json``, one file for each learner: ``gradescope/<learner>.json``.

Each exercise is one test with its points; a hidden test is one of its own, which only
instructors see, and which has no name worth knowing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.grade.formats import Source
from checker.grade.formats.names import file_names
from checker.grade.model import Grade, GradedExercise, Timing
from checker.grade.points import rounded
from checker.grade.text import one_line
from checker.grade.view import for_learner, is_hidden
from checker.grade.words import STANDINGS, STATES, failures, lateness, score, told


def write(source: Source) -> list[Path]:
    names = file_names(grade.student for grade in source.report.grades)
    return [
        source.put(
            f"gradescope/{names[grade.student]}.json",
            json.dumps(
                results(for_learner(grade), source.timings.get(grade.student)),
                indent=1,
                ensure_ascii=False,
            ),
        )
        for grade in source.report.grades
    ]


def results(grade: Grade, timing: Timing | None) -> dict[str, Any]:
    """One learner's results. Without a score there is none, and Gradescope asks for a re-run."""
    table: dict[str, Any] = {
        "output": _output(grade),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": _extra(grade),
        "tests": [test for exercise in grade.exercises for test in _tests(exercise)],
        # Learners would see it: who ranks where is nobody's business but theirs.
        "leaderboard": [],
    }
    if grade.adjusted is not None:
        table["score"] = rounded(grade.adjusted)
    else:
        for test in table["tests"]:
            test.pop("score", None)
    if timing is not None:
        table["execution_time"] = round(timing.seconds)
    return table


def _output(grade: Grade) -> str:
    lines = [f"{score(grade)}."]
    if grade.standing != "graded":
        lines.append(f"{STANDINGS[grade.standing]}: {one_line(grade.reason or 'no reason known')}")
    late = lateness(grade)
    if late:
        lines.append(late)
    if grade.provenance is not None and grade.provenance.tier == "none":
        lines.append("Graded without a sandbox.")
    return "\n".join(lines)


def _extra(grade: Grade) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "standing": grade.standing,
        "raw_score": None if grade.score is None else rounded(grade.score),
        "possible": rounded(grade.possible),
    }
    if grade.provenance is not None:
        extra["sandbox"] = grade.provenance.tier
        extra["submission"] = grade.provenance.submission
        extra["tests"] = grade.provenance.tests
    return extra


def _tests(exercise: GradedExercise) -> Iterator[dict[str, Any]]:
    yield {
        "score": rounded(exercise.earned),
        "max_score": rounded(exercise.points),
        "status": "passed" if exercise.state == "solved" else "failed",
        "name": one_line(f"{exercise.id} {exercise.title}"),
        "number": exercise.id,
        "output": _told(exercise),
        "output_format": "text",
        "tags": [one_line(exercise.step)],
        "visibility": "hidden" if is_hidden(exercise) else "visible",
    }
    for number, test in enumerate((test for test in exercise.tests if test.hidden), 1):
        yield {
            "status": "passed" if test.outcome == "passed" else "failed",
            "name": f"{exercise.id} {test.name}",
            "number": f"{exercise.id}.{number}",
            "output": "",
            "output_format": "text",
            "tags": [one_line(exercise.step)],
            "visibility": "hidden",
        }


def _told(exercise: GradedExercise) -> str:
    parts = [STATES[exercise.state]]
    for test, failure in failures(exercise):
        parts.append(f"{one_line(test.name)}\n{told(failure)}" if test else told(failure))
    silent = [
        one_line(test.name)
        for test in exercise.tests
        if test.outcome != "passed" and test.failure is None and not test.hidden
    ]
    if silent:
        parts.append(f"did not pass: {', '.join(silent)}")
    if exercise.unstable:
        parts.append(f"unstable: {', '.join(map(one_line, exercise.unstable))}")
    return "\n\n".join(parts)
