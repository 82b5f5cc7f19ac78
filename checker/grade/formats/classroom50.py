"""Classroom 50's ``result.json``, of the one submission its runner asks about.

Its points are whole numbers: what there is beyond is cut off, never rounded up, and told
exactly beside each test. Who it is for comes from the runner's environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from math import floor
from pathlib import Path
from typing import Any

from checker.errors import UserError
from checker.grade.formats import Source
from checker.grade.model import Grade, Timing
from checker.grade.points import rounded
from checker.grade.text import one_line
from checker.grade.view import for_learner
from checker.grade.words import STANDINGS

SCHEMA = "classroom50/result/v1"
VARIABLES = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}


def write(source: Source) -> list[Path]:
    grades = source.report.grades
    if len(grades) != 1:
        raise UserError(
            f"classroom50 tells of one submission, and there are {len(grades)}: grade the one "
            "that its runner checked out, or name it with --student"
        )
    environment = dict(source.options.environment)
    # Where there is nothing to compare with, the runner gives no review of its own.
    environment["REVIEW_URL"] = environment.get("REVIEW_URL") or environment.get("COMMIT_URL", "")
    missing = [name for name in VARIABLES.values() if not environment.get(name)]
    if missing:
        raise UserError(
            f"classroom50 needs {', '.join(missing)} in the environment: its runner sets them"
        )
    grade = for_learner(grades[0])
    text = json.dumps(result(grade, source.timings.get(grade.student), environment), indent=2)
    return [source.put("classroom50/result.json", f"{text}\n")]


def result(grade: Grade, timing: Timing | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """The document. Raises :class:`UserError` for a grade without a score."""
    if grade.adjusted is None:
        # It has no word for "no score", and 0 would be a lie. The runner reports an error then.
        raise UserError(
            f"{grade.student} has no score ({STANDINGS[grade.standing]}), "
            "and classroom50 cannot say so: nothing was written"
        )
    factor = grade.adjusted / grade.score if grade.score else 0.0
    exercises = grade.exercises
    earned = shares([each.earned * factor for each in exercises], rounded(grade.adjusted))
    most = shares([each.points for each in exercises], rounded(grade.possible))
    tests = [
        {
            "test-name": one_line(f"{exercise.id} {exercise.title}"),
            "passed": exercise.state == "solved",
            "score": min(score, best),
            "max-score": best,
            "points": rounded(exercise.earned * factor),
        }
        for exercise, score, best in zip(exercises, earned, most, strict=True)
    ]
    return {
        "schema": SCHEMA,
        **{field: environment[name] for field, name in VARIABLES.items()},
        "datetime": _moment(grade, timing),
        "score": floor(rounded(grade.adjusted)),
        "max-score": floor(rounded(grade.possible)),
        "tests": tests,
    }


def shares(parts: list[float], total: float) -> list[int]:
    """Whole numbers that add up to the whole part of ``total``, each as near as can be below.

    What cutting leaves over goes to the parts that lost most by it.
    """
    whole = [floor(part) for part in parts]
    left = floor(total) - sum(whole)
    by_loss = sorted(range(len(parts)), key=lambda place: (whole[place] - parts[place], place))
    for place in by_loss[: max(left, 0)]:
        whole[place] += 1
    return whole


def _moment(grade: Grade, timing: Timing | None) -> str:
    """When it was handed in, as far as we know; the runner puts its own moment there."""
    if grade.lateness is not None:
        moment = datetime.fromisoformat(grade.lateness.submitted_at)
    elif timing is not None:
        moment = datetime.fromisoformat(timing.began)
    else:
        moment = datetime.now(UTC)
    # What has no zone is UTC already.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
