"""In the page of the site a check says what it says on a terminal."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from checker.author.bench import Bench
from checker.author.diffs import apply_patch
from checker.author.findings import Finding, Scope, judged
from checker.author.playground.build import FOLDER, Builder
from checker.author.proofs.subjects import told
from checker.author.trees import Tree, differing, digest, read_tree
from checker.course import Exercise, Step
from checker.engine.job import Job
from checker.engine.verdict import Failure, Location, TestResult, Verdict
from checker.errors import EnvironmentTrouble

SAMPLED_STEPS = 1
SEED = "the same random values in both"


def in_page(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """Starter, solution and mistakes get equal verdicts in CPython and in the page's Python.

    Of an exercise that is marked local the page judges the solution, or a mistake, in another way.
    The app of each step starts there. Of a sample are the exercises of one step, each with one of
    its mistakes; another content, other ones.
    """
    steps = [step for step in bench.course.steps if _within(step, scope)]
    if scope.sample:
        steps = sorted(steps, key=lambda step: digest(read_tree(step.path)))[:SAMPLED_STEPS]
    with tempfile.TemporaryDirectory(prefix="course-") as site:
        builder = Builder(bench.course, Path(site))
        builder.build()
        script = builder.judge()

        def found(step: Step) -> list[Finding]:
            with _page(script, Path(site) / FOLDER, step) as judge:
                return [
                    *(served(bench, step, judge) if step in scope.steps else ()),
                    *(
                        finding
                        for exercise in _within(step, scope)
                        for finding in judged_alike(bench, exercise, judge, scope.sample)
                    ),
                ]

        for findings in bench.map(found, steps):
            yield from findings


def _within(step: Step, scope: Scope) -> list[Exercise]:
    return [exercise for exercise in step.exercises if exercise in scope.exercises]


def served(bench: Bench, step: Step, judge: Judge) -> Iterator[Finding]:
    """Whether the step's app starts in the page; solved, with all that is typed before it does."""
    for name, tree in (("starter", bench.starter(step)), ("solved", bench.solved(step))):
        told = judge.serve(tree, bench.starter(step))
        said = "".join(text for line in told.get("lines", ()) for text, _ in line)
        if name == "solved":
            said += " ".join(told.get("said", ()))
        problem = (said, "mend what keeps the app from starting in the page") if said else None
        yield judged(f"{step.name}, {name}, served in the page", problem)


def judged_alike(bench: Bench, exercise: Exercise, judge: Judge, sample: bool) -> Iterator[Finding]:
    """What ``judge`` says of an exercise's answers, beside what CPython says."""
    step = bench.course.step_of(exercise)

    def difference(tree: Tree) -> tuple[str, str] | None:
        with bench.room(tree) as root, bench.engines.borrowed() as engine:
            job = Job.for_exercise(bench.course, exercise, root)
            there = engine.check(replace(job, seed=SEED))
        return _difference(there, judge.verdict(exercise, tree, bench.starter(step)))

    answers = _answers(bench, exercise, sample and not exercise.local)
    if exercise.local:
        differs = any(difference(tree) for _, tree in answers)
        needless = ("is judged alike in the page", "take the mark `local` from its manifest")
        yield judged(f"{exercise.id}, marked local", None if differs else needless)
        return
    for name, tree in answers:
        yield judged(f"{exercise.id} on {name}", difference(tree))


def _answers(bench: Bench, exercise: Exercise, sample: bool) -> Iterator[tuple[str, Tree]]:
    step = bench.course.step_of(exercise)
    solved = bench.solved(step)
    yield "the solution", solved
    yield "the starter", bench.starter(step)
    patches = {name: f"mistakes/{exercise.id}/{name}.patch" for name in exercise.mistakes}
    blobs = {name: bench.solutions(step)[patch] for name, patch in patches.items()}
    names = sorted(blobs, key=lambda name: digest({name: blobs[name]}))
    for name in names[:1] if sample else names:
        yield f"the mistake {name}", apply_patch(solved, blobs[name].data)


def _difference(there: Verdict, here: Verdict) -> tuple[str, str] | None:
    ours, theirs = told(there), told(here)
    if ours == theirs:
        return None
    name = next(key for key in [*ours, *theirs] if ours.get(key) != theirs.get(key))
    said = here.first_failure.message if here.first_failure else ""
    return (
        f"{name} is {ours.get(name)} in CPython, {theirs.get(name)} in the page: {said}",
        "mend what differs; where no page can do it, mark the exercise local, with the reason",
    )


class Judge(Protocol):
    """Whatever checks an exercise and serves a step's app."""

    def verdict(self, exercise: Exercise, tree: Tree, starter: Tree) -> Verdict: ...

    def serve(self, tree: Tree, starter: Tree) -> dict[str, Any]: ...


class _Page:
    """A process with the page's Python and one step."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def verdict(self, exercise: Exercise, tree: Tree, starter: Tree) -> Verdict:
        return _verdict(self._ask(tree, starter, exercise=exercise.id, seed=SEED))

    def serve(self, tree: Tree, starter: Tree) -> dict[str, Any]:
        return self._ask(tree, starter)

    def _ask(self, tree: Tree, starter: Tree, **question: str) -> dict[str, Any]:
        changed = differing(tree, starter)
        files = {name: tree[name].data.decode() for name in changed}
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the judge has no pipes")
        self._process.stdin.write(json.dumps({**question, "files": files}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            what = question.get("exercise", "its app")
            raise EnvironmentTrouble(f"the page's Python ended while it worked on {what}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _page(script: Path, folder: Path, step: Step) -> Iterator[Judge]:
    command = ["node", str(script), str(folder), step.name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            yield _Page(process)
        finally:
            process.kill()


def _verdict(table: dict[str, Any]) -> Verdict:
    tests = tuple(
        TestResult(**{**test, "failure": _failure(test["failure"])}) for test in table["tests"]
    )
    return Verdict(**{**table, "tests": tests, "problem": _failure(table["problem"])})


def _failure(table: dict[str, Any] | None) -> Failure | None:
    if table is None:
        return None
    where = table["where"]
    return Failure(**{**table, "where": where and Location(**where)})
