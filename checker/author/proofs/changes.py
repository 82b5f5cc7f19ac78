"""A starter is the step before it, solved, and what the manifest declares."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.author.trees import application, differing
from checker.course import Step


def changes(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Each file that differs from the step before is declared, and nothing else is."""
    for before, step in zip(bench.course.steps, bench.course.steps[1:], strict=False):
        if step in scope.steps:
            yield from list(_of(bench, before, step)) or [holds(step.name)]
    first = bench.course.steps[0]
    if first in scope.steps and first.changes:
        yield broken(
            f"steps/{first.name}/step.toml, changes",
            "there is no step before it",
            "take the table out",
        )


def _of(bench: Bench, before: Step, step: Step) -> Iterator[Finding]:
    old, new = application(bench.solved(before)), application(bench.starter(step))
    different = differing(old, new)
    for name in different:
        if name not in step.changes:
            kind = "is new" if name not in old else "is gone" if name not in new else "differs"
            yield broken(
                f"steps/{step.name}/{name}",
                f"{kind}, compared with {before.name} solved",
                f'declare it in [changes], "{name}" = "why", or carry the change: '
                f"checker author propagate --from {before.number}",
            )
    for name in step.changes:
        if name not in different:
            yield broken(
                f"steps/{step.name}/step.toml, changes.{name!r}",
                f"is the same as in {before.name} solved",
                "take it out of [changes]",
            )
