"""What grading a class found, as plain data: the source of every format.

Nothing in here depends on the clock, on the order of the work or on the machine, so that the
same class gives the same bytes however it was graded. How long things took is told by
:class:`Timing`, which is kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from checker.engine.verdict import Outcome, State
from checker.harness.failure import Failure

# What became of a submission as a whole.
#   graded      its tests ran
#   tampered    it meddled with the grading: 0 points, and the flag that says how
#   unreadable  something was handed in, and nothing in it can be graded: 0 points
#   missing     nothing was handed in: no score at all, which is never 0
#   ungraded    our machine failed: no score at all, to be graded again
Standing = Literal["graded", "tampered", "unreadable", "missing", "ungraded"]

# What became of one exercise. "absent": the submission has no such step.
ExerciseState = State | Literal["tampered", "absent"]


@dataclass(frozen=True)
class GradedTest:
    """One test. A ``guard`` earns no points, and takes them all when it fails.

    A ``hidden`` one is the instructor's own: its words are for them alone.
    """

    name: str
    outcome: Outcome
    guard: bool = False
    hidden: bool = False
    failure: Failure | None = None


@dataclass(frozen=True)
class GradedExercise:
    """One exercise: ``earned`` of ``points``. ``unstable`` names the tests that flipped."""

    id: str
    step: str
    title: str
    points: float
    earned: float
    state: ExerciseState
    tests: tuple[GradedTest, ...] = ()
    problem: Failure | None = None
    unstable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flag:
    """Something a human should look at: a stable ``code`` in snake_case, and a sentence."""

    code: str
    message: str
    where: str | None = None


@dataclass(frozen=True)
class Lateness:
    """How late a submission is, and what the policy takes: ``factor`` of the raw score stays."""

    submitted_at: str
    seconds: int
    factor: float


@dataclass(frozen=True)
class Provenance:
    """What was graded, with what, and where. Each hash is SHA-256, in hexadecimal.

    ``tier`` names the sandbox (``"none"`` with ``--unsafe``), ``layers`` what it is made of.
    """

    submission: str
    tests: str
    checker: str
    environment: str
    tier: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """One learner. ``score`` is what the tests gave, ``adjusted`` what the policy left of it.

    Both are ``None`` where there is nothing to give: a format leaves such a cell blank.
    ``member_ids`` holds what else the roster knows them by, by column.
    """

    student: str
    standing: Standing
    possible: float
    score: float | None
    adjusted: float | None
    name: str | None = None
    reason: str | None = None
    exercises: tuple[GradedExercise, ...] = ()
    flags: tuple[Flag, ...] = ()
    lateness: Lateness | None = None
    provenance: Provenance | None = None
    member_ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Timing:
    """Seconds that one submission took, in all and for each exercise; ``began`` in UTC."""

    student: str
    began: str
    seconds: float
    exercises: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassReport:
    """A graded class, by student id. ``problems`` are those of the intake, for the instructor."""

    title: str
    steps: tuple[str, ...]
    grades: tuple[Grade, ...]
    problems: tuple[Flag, ...] = ()
