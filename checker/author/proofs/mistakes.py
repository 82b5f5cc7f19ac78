"""Known wrong answers fail with exactly the words that the learner must read."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from checker.author.bench import Bench
from checker.author.diffs import DoesNotApply, apply_patch
from checker.author.findings import Finding, Scope, broken, judged
from checker.author.proofs.common import crashed, described, manifest, not_as_expected
from checker.author.trees import differing, digest
from checker.course import Exercise, Expected

FEWEST = 3
SAMPLED = 8
"""Of a sample one in so many."""


def mistakes(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Each patch on the solution fails the declared test, saying the declared words.

    A sample is one in eight, and others as soon as something in the step changes.
    """
    for exercise in scope.exercises:
        if len(exercise.mistakes) < FEWEST:
            yield broken(
                manifest(bench.course, exercise),
                f"{len(exercise.mistakes)} of at least {FEWEST} mistakes",
                f"record one: checker author mistake {exercise.id} a_name_that_says_it",
            )
    cases = [
        (exercise, name, expected)
        for exercise in scope.exercises
        for name, expected in exercise.mistakes.items()
        if not scope.sample or _is_drawn(bench, exercise, name)
    ]
    yield from bench.map(lambda case: _mistake(bench, *case), cases)


def _is_drawn(bench: Bench, exercise: Exercise, name: str) -> bool:
    step = digest(bench.solved(bench.course.step_of(exercise)))
    return int(sha256(f"{step} {name}".encode()).hexdigest(), 16) % SAMPLED == 0


def _mistake(bench: Bench, exercise: Exercise, name: str, expected: Expected) -> Finding:
    patch = f"mistakes/{exercise.id}/{name}.patch"
    return judged(
        f"solutions/{exercise.step_name}/{patch}", _problem(bench, exercise, patch, expected)
    )


def _problem(
    bench: Bench, exercise: Exercise, patch: str, expected: Expected
) -> tuple[str, str] | None:
    step = bench.course.step_of(exercise)
    data = bench.solutions(step)[patch].data
    if not data.startswith((b"--- ", b"diff --git ")):
        return "does not begin with the diff", "leave nothing in it but the diff"
    solved = bench.solved(step)
    try:
        wrong = apply_patch(solved, data)
    except DoesNotApply as error:
        return f"does not apply: {error}", _again(exercise, patch)
    others = [name for name in differing(solved, wrong) if name not in exercise.edit]
    if others:
        return f"changes {others[0]}, which the learner does not edit", _again(exercise, patch)
    verdict = bench.check(wrong, exercise)
    if verdict.state == "solved":
        return "passes", "a case is missing in the tests: add it"
    if verdict.state == "does_not_load":
        return f"does not even load: {described(verdict)}", "declare a mistake that a test judges"
    crash = crashed(verdict.tests)
    if verdict.state == "fault" or crash:
        return (
            f"makes the test itself crash: {crash or described(verdict)}",
            "let the test read the answer with care: it must judge, not crash",
        )
    return not_as_expected(verdict.tests, expected) or _said_of_the_solution(
        bench, exercise, expected
    )


def _said_of_the_solution(
    bench: Bench, exercise: Exercise, expected: Expected
) -> tuple[str, str] | None:
    verdict = bench.check(bench.solved(bench.course.step_of(exercise)), exercise)
    for test in verdict.tests:
        if test.failure and expected.matches(test.failure.message):
            return "the solution is told the same words", "mend the solution, or the test"
    return None


def _again(exercise: Exercise, patch: str) -> str:
    name = patch.rpartition("/")[2].removesuffix(".patch")
    return f"record it anew: checker author mistake {exercise.id} {name}"
