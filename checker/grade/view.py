"""What a learner may see of a grade: everything but the words of hidden tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from checker.course import EXERCISE_ID
from checker.grade.model import Grade, GradedExercise, GradedTest
from checker.harness.failure import Failure

_NO_WORDS = "a test of your instructor could not run: ask them"


def for_learner(grade: Grade) -> Grade:
    """``grade`` with each hidden test under a neutral name, and without its failure.

    An exercise made of hidden tests is the instructor's own: its name says what they test.
    """
    seen: Counter[str] = Counter()
    exercises = []
    for exercise in grade.exercises:
        if is_hidden(exercise):
            step = exercise.id.partition(".")[0]
            seen[step] += 1
            identity = f"{step}.hidden-{seen[step]}"
            exercise = replace(exercise, id=identity, title="Hidden tests")  # noqa: PLW2901
        exercises.append(_exercise(exercise))
    return replace(grade, exercises=tuple(exercises))


def is_hidden(exercise: GradedExercise) -> bool:
    """Whether all of it is the instructor's own. Where no test ran, its id tells."""
    if exercise.tests:
        return all(test.hidden for test in exercise.tests)
    return EXERCISE_ID.fullmatch(exercise.id) is None


def _exercise(exercise: GradedExercise) -> GradedExercise:
    hidden = [test.name for test in exercise.tests if test.hidden]
    neutral = {name: f"hidden test {number}" for number, name in enumerate(hidden, 1)}
    return replace(
        exercise,
        tests=tuple(_test(test, neutral) for test in exercise.tests),
        unstable=tuple(neutral.get(name, name) for name in exercise.unstable),
        problem=_problem(exercise, secret=bool(hidden) or is_hidden(exercise)),
    )


def _test(test: GradedTest, neutral: dict[str, str]) -> GradedTest:
    return replace(test, name=neutral[test.name], failure=None) if test.hidden else test


def _problem(exercise: GradedExercise, secret: bool) -> Failure | None:
    # A fault is told in the words of the test that has it, which may be a hidden one.
    if secret and exercise.state == "fault" and exercise.problem is not None:
        return Failure(_NO_WORDS)
    return exercise.problem
