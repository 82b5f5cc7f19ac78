"""Every solution passes, in the order of the exercises, and is worth what it should be."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.author.proofs.common import unsolved
from checker.author.trees import Blob, Tree
from checker.course import Exercise, Step
from checker.engine.score import points


def solutions(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Starter and solutions of 1..k pass 1..k; points are full, or none, where they should.

    Of a sample each exercise is tried when it has just been solved, and when all of them are.
    """
    cases = [
        (step, place, exercise)
        for step in bench.course.steps
        for place in range(1, len(step.exercises) + 1)
        for exercise in step.exercises[:place]
        if exercise in scope.exercises
        if not scope.sample or place == len(step.exercises) or exercise == step.exercises[place - 1]
    ]
    yield from bench.map(lambda case: _in_order(bench, *case), cases)
    yield from bench.map(lambda exercise: _worth(bench, exercise), scope.exercises)


def _in_order(bench: Bench, step: Step, place: int, exercise: Exercise) -> Finding:
    done = step.exercises[:place]
    upto = "" if place == 1 else f" to {done[-1].id}"
    where = f"{exercise.id} with the solutions of {done[0].id}{upto}"
    problem = unsolved(bench.check(bench.solved(step, done), exercise))
    if problem is None:
        return holds(where)
    return broken(
        where,
        f"does not pass: {problem}",
        f"mend solutions/{step.name}, or let the test ask only for what is solved by then",
    )


def _worth(bench: Bench, exercise: Exercise) -> Finding:
    step = bench.course.step_of(exercise)
    starter = bench.starter(step)
    for name, tree, worth in (
        ("the solution", bench.solved(step), exercise.points),
        ("the starter", starter, 0),
        ("an empty app", empty(starter), 0),
    ):
        earned = points(exercise, bench.check(tree, exercise))
        if earned != worth:
            return broken(
                f"points of {exercise.id}",
                f"{name} earns {earned:g}, not {worth}",
                "see the guards: what passes without any work must be declared as one",
            )
    return holds(f"points of {exercise.id}")


def empty(starter: Tree) -> dict[str, Blob]:
    """The starter with nothing in its package."""
    kept = {name: blob for name, blob in starter.items() if not name.startswith("app/")}
    return {**kept, "app/__init__.py": Blob(b"")}
