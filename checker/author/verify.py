"""Runs the proofs, one after the other, each over the exercises that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.author.bench import Bench
from checker.author.findings import Finding, Proof, Scope
from checker.author.proofs.alternatives import alternatives
from checker.author.proofs.changes import changes
from checker.author.proofs.claims import claims
from checker.author.proofs.in_page import in_page
from checker.author.proofs.manifests import manifests
from checker.author.proofs.matrix import matrix
from checker.author.proofs.mistakes import mistakes
from checker.author.proofs.mutants import mutants
from checker.author.proofs.solutions import solutions
from checker.author.proofs.stable import stable
from checker.author.proofs.starters import starters
from checker.author.proofs.subjects import both_subjects
from checker.course import Course, Exercise

# In this order: the quick ones, and those that explain the others, come first.
PROOFS: dict[str, Proof] = {
    "manifests": manifests,
    "claims": claims,
    "changes": changes,
    "starters": starters,
    "solutions": solutions,
    "stable": stable,
    "matrix": matrix,
    "mistakes": mistakes,
    "alternatives": alternatives,
    "both-subjects": both_subjects,
    "mutants": mutants,
    "in-page": in_page,
}
# It needs Node.js, which nobody else does.
WHEN_NAMED = ("in-page",)


def scope_of(course: Course, names: Sequence[str]) -> Scope:
    """The exercises called ``1.4``, and steps called ``1`` or ``01_architecture``; all for none.

    :class:`checker.course.NotFound` says which ones there are.
    """
    if not names:
        return Scope(course.exercises, course.steps)
    steps = [course.step(name) for name in names if "." not in name]
    wanted = {course.exercise(name).id for name in names if "." in name}
    wanted |= {exercise.id for step in steps for exercise in step.exercises}
    exercises: list[Exercise] = [each for each in course.exercises if each.id in wanted]
    return Scope(tuple(exercises), tuple(step for step in course.steps if step in steps))


def verify(bench: Bench, scope: Scope, only: Sequence[str]) -> Iterator[tuple[str, Finding]]:
    """Every finding of the proofs named in ``only``, with its proof's name.

    For none, all but those that run :data:`WHEN_NAMED`.
    """
    wanted = only or [name for name in PROOFS if name not in WHEN_NAMED]
    for name, proof in PROOFS.items():
        if name in wanted:
            for finding in proof(bench, scope):
                yield name, finding
