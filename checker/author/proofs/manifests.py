"""The manifests say something, and nothing lies about that they do not name."""

from __future__ import annotations

from collections.abc import Iterator

from checker import sums
from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds
from checker.author.proofs.common import manifest
from checker.author.trees import below, solution_part
from checker.course import Course, Exercise, Step

PLACEHOLDER = "TODO"
FEWEST_LETTERS = 8


def manifests(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Reading the course validated keys and files; this looks at what they hold."""
    for exercise in scope.exercises:
        found = [*_words(bench.course, exercise), *_files(bench, exercise)]
        yield from found or [holds(exercise.id)]
    for step in scope.steps:
        found = [
            *_minutes(step),
            *_changes(step),
            *_solutions(bench, step),
            *_superseded(bench.course, step),
        ]
        yield from found or [holds(step.name)]
    if scope.exercises == bench.course.exercises:
        yield from _sums(bench.course)


def _sums(course: Course) -> Iterator[Finding]:
    file = sums.path(course)
    if file.is_file() and file.read_text(encoding="utf-8") != sums.written(course):
        yield broken(
            "steps/SHA256SUMS",
            "an exercise edits files that are not as it says",
            "checker author propagate",
        )


def _words(course: Course, exercise: Exercise) -> Iterator[Finding]:
    where = manifest(course, exercise)
    texts = {
        "title": exercise.title,
        "starter.test": exercise.starter.test,
        "starter.says": exercise.starter.says,
        **{f"hints, number {place}": hint for place, hint in enumerate(exercise.hints, 1)},
        **{f"mistakes.{name}.says": known.says for name, known in exercise.mistakes.items()},
    }
    for key, text in texts.items():
        if PLACEHOLDER in text:
            yield broken(f"{where}, {key}", f"still reads {text!r}", "write it")
    if len(set(exercise.hints)) < len(exercise.hints):
        yield broken(f"{where}, hints", "two of them are the same", "let each say more")
    for key, says in {k: v for k, v in texts.items() if k.endswith(".says")}.items():
        if sum(character.isalpha() for character in says) < FEWEST_LETTERS:
            yield broken(
                f"{where}, {key}",
                f"{says!r} would be found in almost any message",
                f"declare at least {FEWEST_LETTERS} letters of the sentence",
            )


def _files(bench: Bench, exercise: Exercise) -> Iterator[Finding]:
    step = bench.course.step_of(exercise)
    written = {
        **{f"steps/{step.name}/{name}": bench.starter(step)[name] for name in exercise.edit},
        **{f"solutions/{step.name}/{name}": bench.solved(step)[name] for name in exercise.edit},
    }
    test = f"exercises/{exercise.test}"
    written[f"steps/{step.name}/{test}"] = bench.starter(step)[test]
    for where, blob in written.items():
        if PLACEHOLDER.encode() in blob.data:
            yield broken(where, f"still holds a {PLACEHOLDER}", "write it")


def _minutes(step: Step) -> Iterator[Finding]:
    together = sum(exercise.minutes for exercise in step.exercises)
    if step.minutes < together:
        yield broken(
            f"steps/{step.name}/step.toml, minutes",
            f"{step.minutes} for a step whose exercises take {together}",
            "add what they need, and the page",
        )


def _changes(step: Step) -> Iterator[Finding]:
    for name, reason in step.changes.items():
        if PLACEHOLDER in reason:
            yield broken(
                f"steps/{step.name}/step.toml, changes.{name!r}",
                f"still reads {reason!r}",
                "write it",
            )


def _solutions(bench: Bench, step: Step) -> Iterator[Finding]:
    exercises = {exercise.id: exercise for exercise in step.exercises}
    edited = {name for exercise in step.exercises for name in exercise.edit}
    tree = bench.solutions(step)
    for name in solution_part(tree):
        if name not in edited:
            yield broken(
                f"solutions/{step.name}/{name}",
                "no exercise asks to edit this file",
                f"add it to an exercise's edit, or change it in steps/{step.name} instead",
            )
    for folder in ("mistakes", "alternatives"):
        for name in below(tree, folder):
            if name.partition("/")[0] not in exercises:
                yield broken(
                    f"solutions/{step.name}/{folder}/{name}",
                    "does not lie in the folder of an exercise of this step",
                    f"the folders are {', '.join(exercises)}",
                )


def _superseded(course: Course, step: Step) -> Iterator[Finding]:
    earlier = {e.id for e in course.exercises if course.step_of(e).number < step.number}
    for superseded in step.supersedes:
        exercise, _, test = superseded.test.partition("/")
        if exercise not in earlier or not test:
            yield broken(
                f"steps/{step.name}/step.toml, supersedes {superseded.test!r}",
                "does not name a test of an earlier step",
                'write it as "1.3/test_name"',
            )
