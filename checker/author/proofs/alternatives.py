"""Correct answers that are written differently pass."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, judged
from checker.author.proofs.common import unsolved
from checker.author.trees import Blob, below
from checker.course import Exercise

FEWEST = 2
WEIGHT = 15
"""From so many points on, an exercise must prove that it lets people write what they like."""


def alternatives(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Each folder ``alternatives/<id>/<name>/``, laid over the solved step, passes."""
    cases: list[tuple[Exercise, str, dict[str, Blob]]] = []
    for exercise in scope.exercises:
        files = below(
            bench.solutions(bench.course.step_of(exercise)), f"alternatives/{exercise.id}"
        )
        names = sorted({file.partition("/")[0] for file in files})
        if exercise.points >= WEIGHT and len(names) < FEWEST:
            yield broken(
                f"solutions/{exercise.step_name}/alternatives/{exercise.id}",
                f"{len(names)} of at least {FEWEST} alternatives to a solution of"
                f" {exercise.points} points",
                "write the answer in another way that is right, and put its files below a name",
            )
        cases += [(exercise, name, below(files, name)) for name in names]
    yield from bench.map(lambda case: _alternative(bench, *case), cases)


def _alternative(bench: Bench, exercise: Exercise, name: str, files: dict[str, Blob]) -> Finding:
    where = f"solutions/{exercise.step_name}/alternatives/{exercise.id}/{name}"
    return judged(where, _problem(bench, exercise, files))


def _problem(bench: Bench, exercise: Exercise, files: dict[str, Blob]) -> tuple[str, str] | None:
    others = [name for name in files if name not in exercise.edit]
    if others or not files:
        said = f"holds {others[0]}" if others else "holds no file"
        return f"{said}, which the learner does not edit", f"keep to {', '.join(exercise.edit)}"
    solved = bench.solved(bench.course.step_of(exercise))
    if all(solved[name] == blob for name, blob in files.items()):
        return "is the solution itself", "write the answer differently"
    problem = unsolved(bench.check({**solved, **files}, exercise))
    if problem is None:
        return None
    return f"does not pass: {problem}", "mend it, or let the tests ask for behaviour, not for shape"
