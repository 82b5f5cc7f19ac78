"""What a graded class says about the exercises: which tell learners apart, and where many go wrong.

A hint for whoever teaches. Nothing of it changes a grade.
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.course import Course, NotFound
from checker.grade.model import ClassReport, Grade, GradedExercise, Timing
from checker.grade.text import one_line
from checker.grade.words import OURS, place
from checker.harness.failure import Failure

FEW = 10
"""With fewer learners than that, who passes what says little about a test."""


@dataclass(frozen=True)
class Item:
    """How an exercise (``test`` is ``None``), or one of its tests, did in the class.

    ``takers`` are the learners whose work was judged by it, ``passed`` those who passed.
    ``discrimination`` is the point-biserial correlation between passing and the points made
    elsewhere, from -1 to 1; ``None`` where it is not defined. ``seconds`` is the median time
    that grading the exercise took.
    """

    exercise: str
    title: str
    test: str | None
    takers: int
    passed: int
    discrimination: float | None
    warnings: tuple[str, ...]
    seconds: float | None = None

    @property
    def rate(self) -> float | None:
        """The share that passed, from 0 to 1."""
        return self.passed / self.takers if self.takers else None


@dataclass(frozen=True)
class WrongAnswer:
    """One way to get an exercise wrong, and who did. ``mistake`` is its name, where it has one."""

    exercise: str
    words: str
    mistake: str | None
    students: tuple[str, ...]


@dataclass(frozen=True)
class Analysis:
    """``items`` in the order of the course, each exercise before its tests; the most common
    wrong answers of each exercise first."""

    items: tuple[Item, ...]
    wrong_answers: tuple[WrongAnswer, ...]

    @property
    def exercises(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.test is None)


def analyse(
    report: ClassReport, timings: Mapping[str, Timing], course: Course | None = None
) -> Analysis:
    """Look at the class as a whole; the course gives wrong answers the names of known mistakes."""
    attempts: dict[str, list[_Attempt]] = defaultdict(list)
    for grade in report.grades:
        for exercise in grade.exercises:
            if _counts(grade, exercise):
                attempts[exercise.id].append(_Attempt(grade, exercise))
    ordered = sorted(attempts, key=place)
    return Analysis(
        tuple(item for name in ordered for item in _items(attempts[name], timings)),
        tuple(answer for name in ordered for answer in _wrong_answers(attempts[name], course)),
    )


@dataclass(frozen=True)
class _Attempt:
    """One learner at one exercise."""

    grade: Grade
    exercise: GradedExercise

    @property
    def elsewhere(self) -> float:
        """The points made with the other exercises."""
        total = sum(each.earned for each in self.grade.exercises)
        return total - self.exercise.earned

    def passed(self, test: str) -> bool:
        return any(each.name == test and each.outcome == "passed" for each in self.exercise.tests)

    def rest(self, test: str) -> float:
        """The points made with everything but this test."""
        scored = [each for each in self.exercise.tests if not each.guard]
        own = any(each.name == test for each in scored) and self.passed(test)
        worth = self.exercise.points / len(scored) if own and self.exercise.earned else 0.0
        return self.elsewhere + self.exercise.earned - worth


def _counts(grade: Grade, exercise: GradedExercise) -> bool:
    """Whether the learner had a try at it, and it was the learner's work that was judged."""
    return grade.standing == "graded" and exercise.state not in OURS | {"absent", "tampered"}


def _items(attempts: Sequence[_Attempt], timings: Mapping[str, Timing]) -> Iterator[Item]:
    exercise = attempts[0].exercise
    solved = [each.exercise.state == "solved" for each in attempts]
    times = [
        timings[each.grade.student].exercises[exercise.id]
        for each in attempts
        if each.grade.student in timings and exercise.id in timings[each.grade.student].exercises
    ]
    yield _item(
        exercise,
        None,
        solved,
        [each.elsewhere for each in attempts],
        statistics.median(times) if times else None,
    )
    # In the order in which they run; somebody whose work did not load has none.
    names = dict.fromkeys(test.name for each in attempts for test in each.exercise.tests)
    for name in names:
        yield _item(
            exercise,
            name,
            [each.passed(name) for each in attempts],
            [each.rest(name) for each in attempts],
        )


def _item(
    exercise: GradedExercise,
    test: str | None,
    passed: Sequence[bool],
    rest: Sequence[float],
    seconds: float | None = None,
) -> Item:
    found = point_biserial(passed, rest)
    return Item(
        exercise.id,
        exercise.title,
        test,
        len(passed),
        sum(passed),
        found,
        tuple(_warnings(len(passed), sum(passed), found)),
        seconds,
    )


def point_biserial(passed: Sequence[bool], rest: Sequence[float]) -> float | None:
    """The correlation of passing with the points made elsewhere.

    ``None`` where all are alike in one of the two: then it is not defined.
    """
    if len(set(passed)) < 2 or max(rest) - min(rest) < 1e-9:
        return None
    return statistics.correlation([float(each) for each in passed], rest)


def _warnings(takers: int, passed: int, discrimination: float | None) -> Iterator[str]:
    if passed == 0:
        yield "nobody passes"
    elif passed == takers:
        yield "everybody passes"
    if takers < FEW:
        yield "too few learners to say"
    elif discrimination is not None and discrimination < 0:
        yield "those who do well elsewhere fail here"


def _wrong_answers(attempts: Sequence[_Attempt], course: Course | None) -> list[WrongAnswer]:
    """Each learner once: by the known mistake, else by what the first failure says."""
    groups: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for attempt in attempts:
        known = _known(attempt.exercise, course)
        first = known or _unknown(attempt.exercise)
        if first is not None:
            groups[first].append(attempt.grade.student)
    identity = attempts[0].exercise.id
    answers = [
        WrongAnswer(identity, words, mistake, tuple(students))
        for (mistake, words), students in groups.items()
    ]
    return sorted(answers, key=lambda each: (-len(each.students), each.mistake or "", each.words))


def _known(exercise: GradedExercise, course: Course | None) -> tuple[str, str] | None:
    """The first declared mistake whose words one of the failures has."""
    if course is None:
        return None
    try:
        mistakes = course.exercise(exercise.id).mistakes
    except NotFound:
        return None
    for name, expected in mistakes.items():
        for test in exercise.tests:
            same = expected.test in {test.name, test.name.partition("[")[0]}
            if same and test.failure and expected.matches(test.failure.message):
                return name, expected.says
    return None


def _unknown(exercise: GradedExercise) -> tuple[None, str] | None:
    failures = [exercise.problem, *(test.failure for test in exercise.tests)]
    first: Failure | None = next((each for each in failures if each is not None), None)
    return None if first is None else (None, without_values(first.message))


# A text in quotes, a hexadecimal id, a number: what differs from one learner to the next.
_VALUE = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|\b\d+(?:\.\d+)*\b"""
)


def without_values(message: str) -> str:
    """A message with ``…`` for its values, so that those that say the same are the same."""
    return re.sub(r"…(?:\W*…)+", "…", _VALUE.sub("…", one_line(message)))
