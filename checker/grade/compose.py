"""Turns verdicts to grades: points, standing, what the late policy leaves."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from checker.course import Course, Exercise, Step
from checker.engine.score import points
from checker.engine.verdict import Verdict
from checker.grade.flags import TAMPERING
from checker.grade.hidden import HiddenTest
from checker.grade.intake import Submission
from checker.grade.isolation import Tier
from checker.grade.late import Policy, lateness
from checker.grade.model import (
    Flag,
    Grade,
    GradedExercise,
    GradedTest,
    Lateness,
    Provenance,
    Timing,
)
from checker.grade.reading import from_json


@dataclass(frozen=True)
class Attempt:
    """One step examined once: a worker's ``result``, or why there is none."""

    step: str
    round: int
    result: Mapping[str, Any] | None
    error: str | None = None


@dataclass
class Composer:
    """Makes grades. ``hidden`` holds the instructor's tests, each with what in it is a guard."""

    course: Course
    steps: tuple[Step, ...]
    hidden: Mapping[HiddenTest, tuple[str, ...]]
    tier: Tier
    hashes: tuple[str, str, Mapping[str, str]]
    due: datetime | None
    policy: Policy

    def missing(self, submission: Submission) -> Grade:
        return self._without_score(submission, "missing", None)

    def ungraded(self, submission: Submission, reason: str) -> Grade:
        return self._without_score(submission, "ungraded", reason)

    def unreadable(self, submission: Submission, reason: str) -> Grade:
        exercises = tuple(
            self._absent(exercise, step) for step in self.steps for exercise in self._of(step)
        )
        return self._with_score(submission, exercises, (), {}, "unreadable", reason)

    def graded(
        self,
        submission: Submission,
        found: Mapping[str, str],
        flags: Sequence[Flag],
        attempts: Sequence[Attempt],
    ) -> tuple[Grade, Timing | None]:
        """The grade of a submission that holds the steps in ``found``, by their digests."""
        failed = [each for each in attempts if each.error is not None]
        if failed:
            reason = f"{failed[0].step}: {failed[0].error}"
            return self.ungraded(submission, reason), None
        if not attempts:
            steps = " or ".join(step.name for step in self.steps)
            reason = f"nothing of {steps} was handed in, only {', '.join(sorted(found))}"
            return self._without_score(submission, "missing", reason), None
        exercises: list[GradedExercise] = []
        flagged = list(flags)
        for step in self.steps:
            rounds = [each.result for each in attempts if each.step == step.name and each.result]
            if not rounds:
                exercises += [self._absent(exercise, step) for exercise in self._of(step)]
                continue
            exercises += self._examined(step, rounds)
            flagged += [from_json(Flag, flag) for flag in rounds[0]["flags"]]
        unstable = [exercise.id for exercise in exercises if exercise.unstable]
        if unstable:
            words = f"{', '.join(unstable)}: not every run came to the same"
            flagged.append(Flag("unstable", words))
        meddled = [flag for flag in flagged if flag.code in TAMPERING]
        if meddled:
            reason = "; ".join(f"{flag.message} ({flag.where})" for flag in meddled)
            none = tuple(replace(each, earned=0.0, state="tampered") for each in exercises)
            grade = self._with_score(submission, none, flagged, found, "tampered", reason)
        else:
            grade = self._with_score(submission, tuple(exercises), flagged, found, "graded", None)
        return grade, _timing(submission.student, [e.result for e in attempts if e.result])

    def _of(self, step: Step) -> list[Exercise]:
        """A step's exercises, the instructor's own behind the course's."""
        from pathlib import Path

        own = [
            test.exercise(Path(), guards)
            for test, guards in self.hidden.items()
            if test.step == step.name
        ]
        return [*step.exercises, *own]

    def _examined(self, step: Step, rounds: Sequence[Mapping[str, Any]]) -> list[GradedExercise]:
        verdicts = [
            {each["exercise"]: from_json(Verdict, each) for each in result["verdicts"]}
            for result in rounds
        ]
        hidden = {test.id for test in self.hidden}
        exercises = []
        for exercise in self._of(step):
            several = [found[exercise.id] for found in verdicts]
            verdict = several[0]
            is_hidden = exercise.id in hidden
            exercises.append(
                GradedExercise(
                    id=exercise.id,
                    step=step.name,
                    title=exercise.title,
                    points=exercise.points,
                    earned=points(exercise, verdict),
                    state=verdict.state,
                    tests=tuple(
                        GradedTest(
                            test.name,
                            test.outcome,
                            exercise.is_guard(test.name),
                            is_hidden,
                            test.failure,
                        )
                        for test in verdict.tests
                    ),
                    problem=verdict.problem,
                    unstable=_flipped(several),
                )
            )
        return exercises

    def _absent(self, exercise: Exercise, step: Step) -> GradedExercise:
        return GradedExercise(
            exercise.id, step.name, exercise.title, exercise.points, 0.0, "absent"
        )

    def _without_score(self, submission: Submission, standing: Any, reason: str | None) -> Grade:
        return Grade(
            student=submission.student,
            standing=standing,
            possible=self.possible,
            score=None,
            adjusted=None,
            name=submission.name,
            reason=reason,
            member_ids=dict(submission.member_ids or {}),
        )

    def _with_score(
        self,
        submission: Submission,
        exercises: tuple[GradedExercise, ...],
        flags: Sequence[Flag],
        found: Mapping[str, str],
        standing: Any,
        reason: str | None,
    ) -> Grade:
        score = round(math.fsum(exercise.earned for exercise in exercises), 6)
        late, more = self._lateness(submission)
        adjusted = score if late is None else round(score * late.factor, 6)
        return Grade(
            student=submission.student,
            standing=standing,
            possible=self.possible,
            score=score,
            adjusted=adjusted,
            name=submission.name,
            reason=reason,
            exercises=exercises,
            flags=(*flags, *more),
            lateness=late,
            provenance=self._provenance(found),
            member_ids=dict(submission.member_ids or {}),
        )

    @property
    def possible(self) -> float:
        return float(sum(exercise.points for step in self.steps for exercise in self._of(step)))

    def _lateness(self, submission: Submission) -> tuple[Lateness | None, list[Flag]]:
        """What the policy takes. Without a time that can be trusted it takes nothing, and says so.

        When a file was changed is no such time: a copy, an unpacking, the learner can set it.
        """
        if self.due is None:
            return None, []
        if submission.submitted_at is not None:
            return lateness(self.due, submission.submitted_at, self.policy), []
        hint = "write a column submitted_at into the roster"
        if submission.late:
            return None, [Flag("late_by_unknown", f"marked late, not by how much: {hint}")]
        if submission.late is None:
            return None, [Flag("time_unknown", f"when it was handed in is not known: {hint}")]
        return None, []

    def _provenance(self, found: Mapping[str, str]) -> Provenance:
        checker, environment, tests = self.hashes
        names = [step.name for step in self.steps]
        return Provenance(
            submission=_digest(f"{name} {found[name]}" for name in names if name in found),
            tests=_digest(f"{name} {tests[name]}" for name in names),
            checker=checker,
            environment=environment,
            tier=self.tier.name,
            layers=tuple(self.tier.layers),
        )


def _flipped(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The tests that did not always end the same way."""
    outcomes: dict[str, set[str]] = {}
    for verdict in verdicts:
        for test in verdict.tests:
            outcomes.setdefault(test.name, set()).add(test.outcome)
    counts = {name: sum(t.name == name for v in verdicts for t in v.tests) for name in outcomes}
    return tuple(
        sorted(
            name for name, seen in outcomes.items() if len(seen) > 1 or counts[name] < len(verdicts)
        )
    )


def _timing(student: str, results: Sequence[Mapping[str, Any]]) -> Timing:
    exercises: dict[str, float] = {}
    for result in results:
        for name, seconds in result["exercises"].items():
            exercises[name] = exercises.get(name, 0.0) + seconds
    began = min(result["began"] for result in results)
    return Timing(student, began, sum(result["seconds"] for result in results), exercises)


def _digest(lines: Any) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
