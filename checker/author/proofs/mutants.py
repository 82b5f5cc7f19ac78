"""The tests notice small faults in the solutions."""

from __future__ import annotations

import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds, noted
from checker.author.mutate import Mutant
from checker.author.mutate import mutants as mutants_of
from checker.author.proofs.common import unsolved
from checker.author.proofs.matrix import cell, that_count
from checker.author.trees import Blob, Tree
from checker.course import CourseError, Exercise, Step
from checker.harness.words import FAULT

KILLED_AT_LEAST = 0.9


@dataclass(frozen=True)
class Equivalent:
    """A mutant that changes nothing a test could see, and why."""

    file: str
    line: str
    becomes: str
    reason: str


@dataclass(frozen=True)
class Case:
    """One mutant of one file that ``exercise`` asks to edit."""

    step: Step
    exercise: Exercise
    file: str
    mutant: Mutant

    @property
    def where(self) -> str:
        return f"solutions/{self.step.name}/{self.file}:{self.mutant.line}"

    def is_declared(self, equivalent: Equivalent) -> bool:
        return (equivalent.file, equivalent.line, equivalent.becomes) == (
            self.file,
            self.mutant.before,
            self.mutant.after,
        )


def mutants(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """At least nine in ten mutants of each step's solutions are killed; survivors are listed.

    A file that exercises of earlier steps asked for keeps their promises, too: where the step's own
    tests notice nothing, theirs are asked, but for those superseded since.
    """
    for step in bench.course.steps:
        chosen = [exercise for exercise in step.exercises if exercise in scope.exercises]
        if chosen:
            yield from _of(bench, step, chosen, scope.mutants)


def _of(bench: Bench, step: Step, exercises: list[Exercise], most: int | None) -> Iterator[Finding]:
    failing = _failing(bench, step)
    if failing is not None:
        yield failing
        return
    for exercise in exercises:
        if exercise.mutants:
            yield noted(f"{exercise.id}, {', '.join(exercise.edit)}", exercise.mutants)
    equivalents = load_equivalents(step.solutions)
    every = [
        Case(step, exercise, file, mutant)
        for exercise in exercises
        if not exercise.mutants
        for file in exercise.edit
        if file.endswith(".py")
        for mutant in mutants_of(bench.solved(step)[file].data.decode("utf-8"))
    ]
    cases = _spread(every, most, equivalents)
    for earlier in {each.id: each for case in cases for each in _earlier(bench, case)}.values():
        kept = cell(bench, step, earlier)
        if kept.state != "holds":
            yield kept
            return
    survivors: list[Case] = []
    for case, (killed, remark) in zip(cases, bench.map(_Killers(bench).killed, cases), strict=True):
        if not killed:
            survivors.append(case)
        yield noted(case.where, remark) if remark else holds(case.where)
    # A disk that filled up half-way would have killed every mutant since.
    failing = _failing(bench, step)
    if failing is not None:
        yield failing
    for place, equivalent in enumerate(equivalents, 1):
        alive = any(case.is_declared(equivalent) for case in survivors)
        if not alive and any(equivalent.file in exercise.edit for exercise in exercises):
            yield broken(
                f"solutions/{step.name}/mutants.toml, equivalent {place}",
                f"matches no survivor in {equivalent.file}",
                "the line has changed, or a test kills the mutant now: take the entry out",
            )
    open_ = [case for case in survivors if not any(map(case.is_declared, equivalents))]
    for case in open_:
        yield noted(
            case.where,
            f"survives: {case.mutant.kind}\n- {case.mutant.before}\n+ {case.mutant.after}",
        )
    tried = len(cases) - (len(survivors) - len(open_))  # but for those declared
    yield _share(step, tried, len(open_), of=len(every) if len(cases) < len(every) else None)


def _earlier(bench: Bench, case: Case) -> list[Exercise]:
    """The exercises of earlier steps that asked for the file, the latest first."""
    return [
        exercise
        for step in reversed(bench.course.steps)
        if step.number < case.step.number
        for exercise in step.exercises
        if case.file in exercise.edit
    ]


def _failing(bench: Bench, step: Step) -> Finding | None:
    solved = bench.solved(step)
    verdicts = bench.map(lambda exercise: bench.check_anew(solved, exercise), step.exercises)
    for exercise, verdict in zip(step.exercises, verdicts, strict=True):
        problem = unsolved(verdict)
        if problem is not None:
            return broken(
                f"mutants of {step.name}",
                f"the solution does not pass {exercise.id}: {problem}",
                "mend it first: where the solution fails, a mutant proves nothing",
            )
    return None


def _spread(cases: list[Case], most: int | None, equivalents: tuple[Equivalent, ...]) -> list[Case]:
    """Every case, or at most ``most`` from all over the step, and those declared."""
    stride = -(-len(cases) // most) if most else 1
    return [
        case
        for place, case in enumerate(cases)
        if place % stride == 0 or any(map(case.is_declared, equivalents))
    ]


def _share(step: Step, total: int, alive: int, of: int | None) -> Finding:
    where = f"mutants of {step.name}"
    killed = total - alive
    if killed >= KILLED_AT_LEAST * total:
        sample = f", a sample of {of}" if of else ""
        return noted(where, f"{killed} of {total} killed{sample}")
    return broken(
        where,
        f"{killed} of {total} killed, {killed / total:.0%}",
        f"at least {KILLED_AT_LEAST:.0%}: add the cases that the survivors show, or declare "
        f"those that nobody could notice in solutions/{step.name}/mutants.toml",
    )


class _Killers:
    """Which exercises have killed mutants of a file: the likely one is asked first."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._kills: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def killed(self, case: Case) -> tuple[bool, str]:
        """Whether a test of the step fails, and a remark where the test could not judge."""
        tree = {
            **self.bench.solved(case.step),
            case.file: Blob(case.mutant.text.encode("utf-8")),
        }
        for exercise in self._in_order(case):
            failure = self.bench.first_failure(tree, exercise)
            if failure is None:
                continue
            with self._lock:
                self._kills[case.file, exercise.id] += 1
            if failure.message.startswith(FAULT):
                return True, (
                    f"makes a test of {exercise.id} crash: {failure.message}\n"
                    f"- {case.mutant.before}\n+ {case.mutant.after}"
                )
            return True, ""
        return any(self._breaks(case, tree, earlier) for earlier in _earlier(self.bench, case)), ""

    def _breaks(self, case: Case, tree: Tree, earlier: Exercise) -> bool:
        verdict = self.bench.check_anew(tree, earlier, world=case.step)
        held = that_count(self.bench, case.step, earlier, verdict)
        return not held or any(test.outcome != "passed" for test in held)

    def _in_order(self, case: Case) -> list[Exercise]:
        """The file's own exercise first; none that judges tests, whose mutants are its own bugs."""
        others = [
            exercise
            for exercise in case.step.exercises
            if exercise != case.exercise and not exercise.mutants
        ]
        with self._lock:
            others.sort(key=lambda other: -self._kills[case.file, other.id])
        return [case.exercise, *others]


def load_equivalents(solutions: Path) -> tuple[Equivalent, ...]:
    """Read ``mutants.toml``; :class:`CourseError` names the file, the key and the reason."""
    file = solutions / "mutants.toml"
    if not file.is_file():
        return ()
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(file, "syntax", str(error)) from None
    return tuple(
        _equivalent(file, entry, place)
        for place, entry in enumerate(table.get("equivalent", []), 1)
    )


def _equivalent(file: Path, entry: dict[str, Any], place: int) -> Equivalent:
    keys = ("file", "line", "becomes", "reason")
    for key in keys:
        if not isinstance(entry.get(key), str) or (key != "becomes" and not entry[key].strip()):
            raise CourseError(file, f"equivalent {place}.{key}", "is missing or not a text")
    if len(entry["reason"].split()) < 3:
        raise CourseError(file, f"equivalent {place}.reason", "says too little: why is it as good?")
    unknown = sorted(set(entry) - set(keys))
    if unknown:
        raise CourseError(
            file, f"equivalent {place}.{unknown[0]}", f"is not a key; the keys are {keys}"
        )
    return Equivalent(*(entry[key] for key in keys))
