"""The words for what became of a submission, an exercise and a test; every report uses them."""

from __future__ import annotations

from math import inf

from checker.engine.verdict import Outcome
from checker.grade.model import ExerciseState, Grade, GradedExercise, GradedTest, Standing
from checker.grade.points import shown
from checker.grade.text import one_line
from checker.harness.failure import Failure

STANDINGS: dict[Standing, str] = {
    "graded": "graded",
    "tampered": "tampered with",
    "unreadable": "cannot be read",
    "missing": "nothing handed in",
    "ungraded": "to be graded again",
}
STATES: dict[ExerciseState, str] = {
    "solved": "solved",
    "not_yet": "not yet",
    "does_not_load": "does not load",
    "environment": "the machine was in the way",
    "fault": "our fault",
    "tampered": "tampered with",
    "absent": "not handed in",
}
OUTCOMES: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "timed_out": "took too long",
    "not_run": "did not run",
}
# What says nothing about the learner
OURS: frozenset[ExerciseState] = frozenset({"environment", "fault"})


def place(identity: str) -> tuple[list[float], str]:
    """Where an exercise stands: 1.10 after 1.9, and the instructor's own after all of a step's."""
    parts = identity.split(".")
    return [int(part) if part.isdecimal() else inf for part in parts], identity


def score(grade: Grade) -> str:
    """``45 of 60 points``, or why there is no score."""
    if grade.adjusted is None:
        return f"no score: {STANDINGS[grade.standing]}"
    return f"{shown(grade.adjusted)} of {shown(grade.possible)} points"


def lateness(grade: Grade) -> str | None:
    """One sentence on what the late policy took, with both scores; ``None`` if it took nothing."""
    if grade.lateness is None:
        return None
    how = f"{_duration(grade.lateness.seconds)} late"
    if grade.score is None or grade.adjusted is None:
        return f"{how}."
    kept = f"{shown(grade.lateness.factor * 100)} %"
    return f"{how}: {kept} of {shown(grade.score)} points is {shown(grade.adjusted)}."


def _duration(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = shown(round(seconds / size, 1))
            return f"{number} {name}" if number == "1" else f"{number} {name}s"
    return "less than a minute"


def failures(exercise: GradedExercise) -> list[tuple[GradedTest | None, Failure]]:
    """What to tell of an exercise, in order: its problem, with no test, then each failure."""
    told: list[tuple[GradedTest | None, Failure]] = []
    if exercise.problem is not None:
        told.append((None, exercise.problem))
    told += [(test, test.failure) for test in exercise.tests if test.failure is not None]
    return told


def told(failure: Failure) -> str:
    """A failure as lines of plain text: the sentence, then what is known besides."""
    rows = [one_line(failure.message)]
    for name, value in details(failure):
        rows.append(f"  {name:<9} {one_line(value)}")
    return "\n".join(rows)


def details(failure: Failure) -> list[tuple[str, str]]:
    """The labelled parts of a failure that are there."""
    parts = (
        ("asked", failure.asked),
        ("expected", failure.expected),
        ("got", failure.got),
        ("where", str(failure.where) if failure.where else None),
        ("printed", failure.printed),
    )
    return [(name, value) for name, value in parts if value]
