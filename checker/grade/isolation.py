"""Stands in for the sandbox: the same interface on the engine, with no isolation at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checker.course import Course, Exercise, Step
from checker.engine.engine import create_engine
from checker.engine.job import Job
from checker.engine.verdict import Verdict
from checker.errors import EnvironmentTrouble
from checker.grade.model import Flag


@dataclass(frozen=True)
class Tier:
    name: str
    layers: tuple[str, ...] = ()


def choose(unsafe: bool, wanted: str | None = None) -> Tier:
    if not unsafe:
        raise EnvironmentTrouble("there is no sandbox: use --unsafe")
    return Tier("none")


def flags(step_root: Path, step: Step) -> tuple[Flag, ...]:
    return ()


class Examiner:
    def __init__(self, course: Course, tier: Tier, *, limit: float, budget: float) -> None:
        self.course, self.limit, self.budget = course, limit, budget
        self.engine = create_engine()

    def examine(
        self,
        step_root: Path,
        step: Step,
        exercises: Sequence[Exercise],
        seed: str | None = None,
        shuffled: bool = False,
    ) -> Iterator[Verdict]:
        for exercise in exercises:
            job = Job.for_exercise(self.course, exercise, step_root)
            yield self.engine.check(
                replace(job, subject="remote", limit=self.limit, budget=self.budget)
            )

    def close(self) -> None:
        self.engine.close()
