"""One learner at work: the course, their files, their progress, and what they are at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.course import Course, Exercise, Step, find_course
from checker.errors import EnvironmentTrouble, UserError
from checker.files import has_files
from checker.learn.progress import Progress, ProgressStore

if TYPE_CHECKING:
    from checker.engine.engine import Engine
    from checker.engine.verdict import Verdict
    from checker.workspace import Workspace


@dataclass(frozen=True)
class Session:
    """Everything a command needs to know; cheap to make."""

    course: Course
    store: ProgressStore

    @classmethod
    def open(cls, start: Path | None = None) -> Session:
        """The session of the course around ``start``, else of the one the checker came with."""
        root = find_course(start or Path.cwd()) or find_course(Path(__file__).resolve().parent)
        if root is None:
            raise EnvironmentTrouble(
                "no course here: change into the course's folder, the one that holds `steps`"
            )
        course = Course.load(root)
        return cls(course, ProgressStore(root / "work" / ".checker"))

    @cached_property
    def workspace(self) -> Workspace:
        """The learner's files; a command that only looks, such as ``list``, does without."""
        from checker.workspace import Workspace

        return Workspace(self.course)

    def is_started(self, step: Step) -> bool:
        return has_files(self.course.root / "work" / step.name)

    # What the learner is at

    @property
    def open_steps(self) -> tuple[Step, ...]:
        """The steps that are started."""
        return tuple(step for step in self.course.steps if self.is_started(step))

    def current(self, progress: Progress | None = None) -> Exercise:
        """The exercise the learner chose, else the first unsolved one of the started steps."""
        progress = progress or self.store.read()
        at_hand = self._at_hand()
        for exercise in at_hand:
            if exercise.id == progress.current:
                return exercise
        return next((e for e in at_hand if not progress[e.id].is_solved), at_hand[-1])

    def following(self, exercise: Exercise, progress: Progress) -> Exercise | None:
        """The next unsolved exercise after this one, at the end from the top again, if any."""
        at_hand = self._at_hand()
        place = at_hand.index(exercise) + 1
        for other in at_hand[place:] + at_hand[:place]:
            if not progress[other.id].is_solved and other != exercise:
                return other
        return None

    def _at_hand(self) -> tuple[Exercise, ...]:
        at_hand = tuple(exercise for step in self.open_steps for exercise in step.exercises)
        if not at_hand:
            raise UserError("no step is started yet: checker start 1")
        return at_hand

    def choose(self, exercise: Exercise) -> None:
        from dataclasses import replace

        self.store.update(lambda progress: replace(progress, current=exercise.id))

    def release(self, exercise: Exercise) -> None:
        """Choose nothing any more if the chosen one is solved: the next visit goes on."""
        from dataclasses import replace

        def change(progress: Progress) -> Progress:
            is_done = progress.current == exercise.id and progress[exercise.id].is_solved
            return replace(progress, current=None) if is_done else progress

        self.store.update(change)

    def next_step(self) -> Step | None:
        """The first step that is not started."""
        return next((s for s in self.course.steps if not self.is_started(s)), None)

    def solved_count(self, step: Step, progress: Progress) -> int:
        return sum(progress[exercise.id].is_solved for exercise in step.exercises)

    # Checking

    def check(self, exercise: Exercise, engine: Engine, verbose: bool = False) -> Verdict:
        """Run the course's tests of one exercise on the learner's files. Records nothing."""
        from dataclasses import replace

        from checker.engine.job import Job
        from checker.engine.verdict import Failure, Location, Verdict

        folder = self.workspace.require_started(self.course.step_of(exercise))
        for name in exercise.edit:
            if not (folder / name).is_file():
                message = (
                    f"{name} is missing; `checker reset {exercise.id}` brings the starter's back"
                )
                problem = Failure(message, where=Location(name))
                return Verdict(exercise.id, "does_not_load", problem=problem)
        return engine.check(
            replace(Job.for_exercise(self.course, exercise, folder), verbose=verbose)
        )

    def record(self, verdict: Verdict) -> Progress:
        """Save what a verdict says."""
        passed = [test.name for test in verdict.tests if test.outcome == "passed"]
        return self.store.update(
            lambda progress: progress.with_verdict(
                verdict.exercise, verdict.state, passed, len(verdict.tests)
            )
        )

    def forget(self, exercises: Iterable[Exercise]) -> None:
        """Files were replaced: what was known about these exercises no longer holds."""
        names = [exercise.id for exercise in exercises]
        if names:
            self.store.update(lambda progress: progress.forgetting(names))

    def mark_solution_seen(self, exercise: Exercise) -> None:
        self.store.update(lambda progress: progress.with_entry(exercise.id, solution_seen=True))

    # Saying where things stand

    def status(self) -> dict[str, Any]:
        """Where the learner is, as data; see ``schemas/status.json``."""
        progress = self.store.read()
        started = self.open_steps
        exercise = self.current(progress) if started else None
        return {
            "version": 1,
            "started": bool(started),
            "current": exercise and describe(exercise, progress),
            "steps": [self.describe_step(step, progress) for step in self.course.steps],
            "warning": self.store.warning,
        }

    def describe_step(self, step: Step, progress: Progress) -> dict[str, Any]:
        return {
            "number": step.number,
            "name": step.name,
            "title": step.title,
            "started": self.is_started(step),
            "solved": self.solved_count(step, progress),
            "total": len(step.exercises),
        }


def describe(exercise: Exercise, progress: Progress) -> dict[str, Any]:
    """One exercise and what is known about it, as data."""
    entry = progress[exercise.id]
    return {
        "id": exercise.id,
        "title": exercise.title,
        "minutes": exercise.minutes,
        "points": exercise.points,
        "edit": list(exercise.edit),
        "folder": f"work/{exercise.step_name}",
        "state": entry.state,
        "passed": len(entry.passed),
        "total": entry.total,
        "hints": entry.hints,
        "solution_seen": entry.solution_seen,
        "solved_at": entry.solved_at,
    }


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))
