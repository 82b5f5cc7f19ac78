"""What a learner may see of a grade: everything but the words of hidden tests."""

from __future__ import annotations

from dataclasses import replace

from checker.grade.model import Grade, GradedExercise, GradedTest
from checker.harness.failure import Failure

_NO_WORDS = "a test of your instructor could not run: ask them"


def for_learner(grade: Grade) -> Grade:
    """``grade`` with each hidden test under a neutral name, and without its failure."""
    return replace(grade, exercises=tuple(_exercise(each) for each in grade.exercises))


def _exercise(exercise: GradedExercise) -> GradedExercise:
    hidden = [test.name for test in exercise.tests if test.hidden]
    if not hidden:
        return exercise
    neutral = {name: f"hidden test {number}" for number, name in enumerate(hidden, 1)}
    return replace(
        exercise,
        tests=tuple(_test(test, neutral) for test in exercise.tests),
        unstable=tuple(neutral.get(name, name) for name in exercise.unstable),
        problem=_problem(exercise),
    )


def _test(test: GradedTest, neutral: dict[str, str]) -> GradedTest:
    return replace(test, name=neutral[test.name], failure=None) if test.hidden else test


def _problem(exercise: GradedExercise) -> Failure | None:
    # A fault is told in the words of the test that has it, which may be a hidden one.
    if exercise.state == "fault" and exercise.problem is not None:
        return Failure(_NO_WORDS)
    return exercise.problem
