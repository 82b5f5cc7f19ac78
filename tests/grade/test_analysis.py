"""What a class says about the exercises, and when it says too little."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from checker.course import Course
from checker.grade.analysis import Analysis, analyse, point_biserial, without_values
from checker.grade.model import ClassReport, ExerciseState, Grade, GradedExercise, GradedTest
from checker.harness.failure import Failure

from .generated import class_reports, timings_of

COURSE = Course.load(Path(__file__).resolve().parents[2])


def exercise(
    identity: str, earned: float, *tests: GradedTest, state: ExerciseState | None = None
) -> GradedExercise:
    reached: ExerciseState = "solved" if earned == 10 else "not_yet"
    return GradedExercise(identity, "01", "Title", 10.0, earned, state or reached, tests)


def class_of(*rows: tuple[GradedExercise, ...]) -> ClassReport:
    grades = []
    for number, row in enumerate(rows):
        score = sum(each.earned for each in row)
        grades.append(Grade(f"s{number}", "graded", 20.0, score, score, exercises=row))
    return ClassReport("Class", ("01",), tuple(grades))


def looked_at(*rows: tuple[GradedExercise, ...], course: Course | None = None) -> Analysis:
    return analyse(class_of(*rows), {}, course)


def failed(name: str, message: str) -> GradedTest:
    return GradedTest(name, "failed", failure=Failure(message))


def test_discrimination_is_the_correlation_with_the_points_made_elsewhere() -> None:
    # Passing in the first column, points made elsewhere in the second; by hand:
    # means 7.5 and 2.5, deviation of all 2.9580399, n 4: r = (7.5-2.5)/2.9580399*sqrt(1/4)
    found = point_biserial([True, True, False, False], [9.0, 6.0, 4.0, 1.0])

    assert found == pytest.approx((7.5 - 2.5) / 8.5**0.5 * 0.5)


def test_what_is_not_defined_has_no_number() -> None:
    assert point_biserial([True, True], [1.0, 2.0]) is None
    assert point_biserial([True, False], [3.0, 3.0]) is None


@pytest.mark.parametrize(
    ("solved", "elsewhere", "warnings"),
    [
        ([0] * 12, range(12), ("nobody passes",)),
        ([10] * 12, range(12), ("everybody passes",)),
        ([10] * 6 + [0] * 6, range(12), ("those who do well elsewhere fail here",)),
        ([0] * 6 + [10] * 6, range(12), ()),
        ([10] * 3 + [0] * 3, range(6), ("too few learners to say",)),
    ],
)
def test_an_exercise_to_look_at_has_its_warning(
    solved: list[int], elsewhere: range, warnings: tuple[str, ...]
) -> None:
    rows = [
        (exercise("1.1", float(mine)), exercise("1.2", other / 2))
        for mine, other in zip(solved, elsewhere, strict=True)
    ]

    found = looked_at(*rows).exercises[0]

    assert found.warnings == warnings
    assert found.rate == sum(each == 10 for each in solved) / len(solved)


def test_a_test_is_not_correlated_with_its_own_points() -> None:
    """Passing it is worth 5 points; elsewhere all made the same, so there is nothing to tell."""
    one, other = GradedTest("test_a", "passed"), GradedTest("test_b", "passed")
    rows = [
        (exercise("1.1", 10.0, one, other),),
        (exercise("1.1", 5.0, failed("test_a", "no"), other),),
    ]

    items = {item.test: item for item in looked_at(*rows).items}

    assert items["test_a"].discrimination is None
    assert items["test_a"].rate == 0.5
    assert items["test_b"].rate == 1


def test_who_did_not_load_failed_each_test_and_who_handed_nothing_in_is_not_counted() -> None:
    rows = [
        (exercise("1.1", 10.0, GradedTest("test_a", "passed")),),
        (exercise("1.1", 0.0, state="does_not_load"),),
        (exercise("1.1", 0.0, state="absent"),),
        (exercise("1.1", 0.0, state="fault"),),
    ]

    items = looked_at(*rows).items

    assert [(item.test, item.takers, item.passed) for item in items] == [
        (None, 2, 1),
        ("test_a", 2, 1),
    ]


def test_exercises_come_in_the_order_of_the_course() -> None:
    row = tuple(exercise(name, 1.0) for name in ("1.10", "1.9", "2.1"))

    assert [item.exercise for item in looked_at(row).exercises] == ["1.9", "1.10", "2.1"]


def test_the_median_of_the_times_is_told_where_there_are_any() -> None:
    report = class_of((exercise("1.1", 1.0),), (exercise("1.1", 2.0),))

    assert analyse(report, timings_of(report)).exercises[0].seconds == 1.0
    assert analyse(report, {}).exercises[0].seconds is None


def test_wrong_answers_are_grouped_by_the_words_of_the_mistake() -> None:
    mistake = COURSE.exercise("1.1").mistakes["asks_the_environment"]
    words = [mistake.says.replace("…", f"APP_{number}") for number in range(3)]
    rows = [(exercise("1.1", 0.0, failed(mistake.test, text)),) for text in words]
    rows.append((exercise("1.1", 0.0, failed("test_else", "5 apps, not 3: 'x'")),))
    rows.append((exercise("1.1", 0.0, failed("test_else", '17 apps, not 4: "yz"')),))
    rows.append((exercise("1.1", 0.0, failed("test_else", mistake.says)),))

    answers = looked_at(*rows, course=COURSE).wrong_answers

    assert [(each.mistake, each.words, each.students) for each in answers] == [
        ("asks_the_environment", mistake.says, ("s0", "s1", "s2")),
        (None, "… apps, not …", ("s3", "s4")),
        (None, mistake.says, ("s5",)),
    ]


def test_each_learner_counts_once_for_an_exercise() -> None:
    tests = failed("test_a", "first"), failed("test_b", "second")

    answers = looked_at((exercise("1.1", 0.0, *tests),)).wrong_answers

    assert [(each.words, each.students) for each in answers] == [("first", ("s0",))]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("3 requests, but 12.5 of {'a': 1}", "… requests, but … of {…}"),
        ("got 'it\\'s' at 1f0e3dad9990", "got … at …"),
        ("the facade of decade", "the facade of decade"),
    ],
)
def test_values_do_not_tell_answers_apart(message: str, words: str) -> None:
    assert without_values(message) == words


@settings(max_examples=20, deadline=None)
@given(report=class_reports())
def test_any_class_can_be_looked_at(report: ClassReport) -> None:
    found = analyse(report, timings_of(report), COURSE)

    for item in found.items:
        assert 0 <= item.passed <= item.takers
        assert item.discrimination is None or -1.000001 <= item.discrimination <= 1.000001
    for answer in found.wrong_answers:
        assert len(answer.students) == len(set(answer.students)) > 0
