"""A step keeps what the steps before it taught, and does not give away the next one."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.author.proofs.common import described, is_called
from checker.course import Course, Exercise, Step
from checker.engine.verdict import TestResult, Verdict


def matrix(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Step N solved passes the tests of 1..N and fails each exercise of N+1."""
    pairs = [
        (step, exercise)
        for exercise in scope.exercises
        for step in asked(bench.course, exercise, sample=scope.sample)
    ]
    yield from bench.map(lambda pair: cell(bench, *pair), pairs)
    for found in bench.map(lambda step: list(_still_needed(bench, step)), scope.steps):
        yield from found


def asked(course: Course, exercise: Exercise, *, sample: bool) -> list[Step]:
    """The step before the exercise's own, its own, and those after it: of a sample the last."""
    own, last = course.step_of(exercise), course.steps[-1]
    steps = [step for step in course.steps if step.number >= own.number - 1]
    if not sample:
        return steps
    return [step for step in steps if step.number <= own.number or step == last]


def cell(bench: Bench, step: Step, exercise: Exercise) -> Finding:
    """Whether ``exercise`` holds on ``step`` solved, as it must, or fails, as it must."""
    own = bench.course.step_of(exercise)
    where = f"{exercise.id} on step {step.number} solved"
    if own.number > step.number:
        if bench.first_failure(bench.solved(step), exercise) is not None:
            return holds(where)
        return broken(
            where,
            f"passes, although step {own.number} has only begun",
            f"sharpen steps/{own.name}/exercises/{exercise.test}: it asks for nothing new",
        )
    verdict = bench.check(bench.solved(step), exercise, world=step)
    held = that_count(bench, step, exercise, verdict)
    failing = [test for test in held if test.outcome != "passed"]
    if held and not failing:
        return holds(where)
    return broken(
        where,
        f"no longer passes: {_first(failing) or described(verdict)}",
        f"keep it working in step {step.number}, or declare what supersedes the test there",
    )


def that_count(bench: Bench, step: Step, exercise: Exercise, verdict: Verdict) -> list[TestResult]:
    """The exercise's tests without those superseded in ``step`` or before."""
    declared = [
        superseded.test.partition("/")
        for each in bench.course.steps
        if each.number <= step.number
        for superseded in each.supersedes
    ]
    left_out = [test for owner, _, test in declared if owner == exercise.id]
    return [test for test in verdict.tests if not any(is_called(test, name) for name in left_out)]


def _still_needed(bench: Bench, step: Step) -> Iterator[Finding]:
    for superseded in step.supersedes:
        where = f"steps/{step.name}/step.toml, supersedes {superseded.test!r}"
        owner, _, name = superseded.test.partition("/")
        exercise = next((e for e in bench.course.exercises if e.id == owner), None)
        if exercise is None:
            continue  # the proof of the manifests has said so
        verdict = bench.check(bench.solved(step), exercise, world=step)
        tests = [test for test in verdict.tests if is_called(test, name)]
        if verdict.tests and not tests:
            yield broken(where, f"{owner} has no test {name}", "name a test, or take it out")
        elif tests and all(test.outcome == "passed" for test in tests):
            yield broken(where, "the test passes", "take it out: nothing is superseded")
        else:
            yield holds(where)


def _first(failing: list[TestResult]) -> str:
    if not failing:
        return ""
    test = failing[0]
    return f"{test.name}: {test.failure.message if test.failure else test.outcome}"
