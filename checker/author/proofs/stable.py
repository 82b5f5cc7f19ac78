"""A test is called the same each time: points and progress are kept by its name."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.engine.engine import Engine, create_engine


def stable(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Two collections, in interpreters with different hash seeds, find the same tests."""
    with create_engine() as another:
        for exercise in scope.exercises:
            yield _of(bench, another, exercise.id)


def _of(bench: Bench, another: Engine, name: str) -> Finding:
    exercise = bench.course.exercise(name)
    tree = bench.solved(bench.course.step_of(exercise))
    once = [test.name for test in bench.check(tree, exercise).tests]
    again = [test.name for test in bench.check_anew(tree, exercise, engine=another).tests]
    where = f"steps/{exercise.step_name}/exercises/{exercise.test}"
    if once == again and len(set(once)) == len(once):
        return holds(where)
    changed = sorted(set(once) ^ set(again)) or sorted(n for n in once if once.count(n) > 1)
    said = f"not the same tests twice: {changed[0]}" if changed else "not the same order twice"
    return broken(where, said, "give parameters fixed ids: pytest.param(…, id=…)")
