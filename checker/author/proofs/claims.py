"""Every claim of a step that is there is practised by an exercise."""

from __future__ import annotations

from collections.abc import Iterator

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.author.proofs.common import manifest
from checker.claims import coverage, load_claims


def claims(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """No claim without an exercise, and no exercise for a claim that is not in the list."""
    sections = load_claims(bench.course.root)
    known = {claim for section in sections for claim in section.claims}
    for exercise in scope.exercises:
        for claim in exercise.covers:
            if claim not in known:
                near = [c for c in known if c.startswith(claim)] or [
                    c for c in known if c.partition(".")[0] == claim.partition(".")[0]
                ]
                yield broken(
                    manifest(bench.course, exercise),
                    f"covers {claim}, which claims.toml does not list",
                    f"name claims such as {', '.join(sorted(near)[:5])}",
                )
    covered = coverage(bench.course)
    for step in scope.steps:
        for section in sections:
            if section.number == step.number:
                for claim, text in section.claims.items():
                    yield (
                        holds(claim)
                        if claim in covered
                        else broken(
                            f"claim {claim}",
                            f"no exercise covers it: {text}",
                            "practise it, and name it in the exercise's covers",
                        )
                    )
