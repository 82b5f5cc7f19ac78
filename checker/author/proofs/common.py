"""The words that several proofs share."""

from __future__ import annotations

from collections.abc import Iterable

from checker.course import Course, Exercise, Expected
from checker.engine.verdict import Failure, TestResult, Verdict
from checker.harness.words import FAULT, UNREADABLE


def manifest(course: Course, exercise: Exercise) -> str:
    """The manifest's path and the table within it, to be named in a finding."""
    return f"steps/{exercise.step_name}/step.toml, exercise {exercise.id}"


def unsolved(verdict: Verdict) -> str | None:
    """Why a verdict that should be *solved* is not, in one line; ``None`` when it is."""
    return None if verdict.state == "solved" and verdict.tests else described(verdict)


def described(verdict: Verdict) -> str:
    """A verdict in one line: its state, and the first failure."""
    if verdict.state == "solved":
        return f"solved, {verdict.passed} tests" if verdict.tests else "no test ran"
    return f"{verdict.state}: {_first(verdict)}"


def _first(verdict: Verdict) -> str:
    if verdict.problem is not None:
        return _spoken(verdict.problem)
    for test in verdict.tests:
        if test.failure is not None:
            return f"{test.name}: {_spoken(test.failure)}"
    return "no reason given"


def _spoken(failure: Failure) -> str:
    where = f" ({failure.where})" if failure.where else ""
    return f"{failure.message}{where}"


def is_called(test: TestResult, name: str) -> bool:
    """Whether ``name``, a function with or without parameters, names this test."""
    return name in (test.name, test.name.partition("[")[0])


def crashed(tests: Iterable[TestResult]) -> str | None:
    """The first test that crashed instead of judging, with what it said."""
    for test in tests:
        if test.failure and test.failure.message.startswith((UNREADABLE, FAULT)):
            return f"{test.name}: {test.failure.message}"
    return None


def not_as_expected(tests: Iterable[TestResult], expected: Expected) -> tuple[str, str] | None:
    """What is wrong, and what to do, unless the expected test fails with the expected words."""
    named = [test for test in tests if is_called(test, expected.test)]
    if not named:
        return f"there is no test {expected.test}", "name a test of the exercise"
    failing = [test for test in named if test.outcome == "failed" and test.failure]
    if not failing:
        outcomes = ", ".join(sorted({test.outcome for test in named}))
        return f"{expected.test} {outcomes}", "it must fail: name the test that does"
    messages = [test.failure.message for test in failing if test.failure]
    if any(expected.matches(message) for message in messages):
        return None
    return (
        f"{failing[0].name} does not say {expected.says!r} but {messages[0]!r}",
        "declare the words that the learner reads, … for what is random in them",
    )
