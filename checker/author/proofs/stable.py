"""A test is called the same each time: points and progress are kept by its name."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench, Engines
from checker.author.findings import Finding, Scope, broken, holds
from checker.course import Exercise


def stable(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Two collections, in interpreters with different hash seeds, find the same tests."""
    with Engines(bench.engines.jobs) as others:
        again = Bench(bench.course, others)
        yield from bench.map(lambda exercise: _of(bench, again, exercise), scope.exercises)


def _of(bench: Bench, others: Bench, exercise: Exercise) -> Finding:
    tree = bench.solved(bench.course.step_of(exercise))
    once = [test.name for test in bench.check(tree, exercise).tests]
    again = others.collected(tree, exercise)
    where = f"steps/{exercise.step_name}/exercises/{exercise.test}"
    if once == again and len(set(once)) == len(once):
        return holds(where)
    changed = sorted(set(once) ^ set(again)) or sorted(n for n in once if once.count(n) > 1)
    said = f"not the same tests twice: {changed[0]}" if changed else "not the same order twice"
    return broken(where, said, "give parameters fixed ids: pytest.param(…, id=…)")
