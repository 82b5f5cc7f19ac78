"""In one process or across a boundary, a check says the same."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, judged
from checker.author.trees import Tree
from checker.course import Exercise
from checker.engine.verdict import Verdict


def both_subjects(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Starter and solution get equal verdicts from the direct and the remote subject.

    A sample is the solution alone, which comes further in each test.
    """
    states = ("solution",) if scope.sample else ("starter", "solution")
    cases = [(exercise, which) for exercise in scope.exercises for which in states]
    yield from bench.map(lambda case: _case(bench, *case), cases)


def _case(bench: Bench, exercise: Exercise, which: str) -> Finding:
    step = bench.course.step_of(exercise)
    tree = bench.starter(step) if which == "starter" else bench.solved(step)
    return judged(f"{exercise.id} on the {which}", _difference(bench, exercise, tree))


def _difference(bench: Bench, exercise: Exercise, tree: Tree) -> tuple[str, str] | None:
    direct = bench.check(tree, exercise, subject="direct")
    remote = bench.check(tree, exercise, subject="remote")
    ours, theirs = told(direct), told(remote)
    if ours == theirs:
        return None
    name = next(key for key in [*ours, *theirs] if ours.get(key) != theirs.get(key))
    return (
        f"{name} is {ours.get(name)} in process, {theirs.get(name)} across the boundary",
        "let the test see the app only through its fixtures",
    )


def told(verdict: Verdict) -> dict[str, str]:
    """What must be equal: messages hold random values, outcomes and places do not."""
    tests = {
        test.name: f"{test.outcome} at {test.failure.where if test.failure else None}"
        for test in verdict.tests
    }
    return {"the verdict": verdict.state, **tests}
