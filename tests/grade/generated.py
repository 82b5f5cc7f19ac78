"""Class reports: any there could be, for hypothesis, and one that looks like a class."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import strategies as st

from checker.engine.verdict import Outcome
from checker.grade.model import (
    ClassReport,
    ExerciseState,
    Flag,
    Grade,
    GradedExercise,
    GradedTest,
    Lateness,
    Provenance,
    Standing,
    Timing,
)
from checker.harness.failure import Failure, Location

SECRET = "quetzalcoatl"
"""In each word of a hidden test, and nowhere else."""

# Surrogates too: a byte of a file name that is no UTF-8 becomes one.
TEXT = st.text(st.characters(exclude_characters="\x00"), max_size=30)
NASTY = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "\x1b[31mred\x1b[0m",
        "=HYPERLINK(1)",
        "@SUM(1)",
        "\t=1",
        "|]]>",
        "\x00\x08\x0c\ufffe\ud800",
        "a\r\nb",
        "\u202egnp.exe",
    ]
)
WORDS = TEXT | NASTY
NAMES = WORDS.filter(lambda text: bool(text.strip()))
POINTS = st.integers(0, 1000).map(lambda cents: cents / 10)
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)


def failures(secret: bool = False) -> st.SearchStrategy[Failure]:
    words = WORDS.map(lambda text: f"{text}{SECRET}") if secret else WORDS
    return st.builds(
        Failure,
        words,
        st.none() | words,
        st.none() | words,
        st.none() | words,
        st.none() | st.builds(Location, words, st.none() | st.integers(1, 999), st.none()),
        words,
        words,
    )


@st.composite
def tests(draw: st.DrawFn, place: int) -> GradedTest:
    hidden = draw(st.booleans())
    name = f"test_{place}{SECRET if hidden else ''}{draw(WORDS)}"
    outcome: Outcome = draw(st.sampled_from(["passed", "failed", "timed_out", "not_run"]))
    failure = None if outcome == "passed" else draw(st.none() | failures(hidden))
    return GradedTest(name, outcome, draw(st.booleans()), hidden, failure)


STATES: list[ExerciseState] = [
    "solved",
    "not_yet",
    "does_not_load",
    "environment",
    "fault",
    "tampered",
    "absent",
]


@st.composite
def exercises(draw: st.DrawFn, place: int) -> GradedExercise:
    run = tuple(draw(tests(number)) for number in range(draw(st.integers(0, 3))))
    points = draw(st.integers(1, 40))
    # Thirds and sevenths, as shares of tests give them
    parts = draw(st.integers(1, 7))
    earned = points * draw(st.integers(0, parts)) / parts
    state = draw(st.sampled_from(STATES))
    hides = any(test.hidden for test in run)
    own = all(test.hidden for test in run) and (hides or draw(st.booleans()))
    called, title = str(1 + place % 4), draw(NAMES)
    if own:  # the instructor's own: what it is called is a secret, too
        called, title = f"{SECRET}{called}", f"{title}{SECRET}"
    return GradedExercise(
        id=f"{1 + place // 4}.{called}",
        step=f"0{1 + place // 4}_step",
        title=title,
        points=float(points),
        earned=earned,
        state=state,
        tests=run,
        # Only what our own side says of a test may have its words.
        problem=draw(st.none() | failures(secret=(hides or own) and state == "fault")),
        unstable=tuple(test.name for test in run if draw(st.booleans())),
    )


FLAGS = st.lists(
    st.builds(Flag, st.sampled_from(["tampered", "odd_file"]), WORDS, st.none() | WORDS), max_size=2
).map(tuple)
PROVENANCE = st.builds(
    Provenance,
    HASHES,
    HASHES,
    HASHES,
    HASHES,
    st.sampled_from(["none", "bwrap"]),
    st.just(("pid",)),
)


@st.composite
def grades(draw: st.DrawFn, student: str) -> Grade:
    standing: Standing = draw(
        st.sampled_from(["graded", "graded", "tampered", "unreadable", "missing", "ungraded"])
    )
    count = draw(st.integers(0, 5)) if standing in {"graded", "tampered"} else 0
    done = tuple(draw(exercises(place)) for place in range(count))
    if standing == "tampered":
        done = tuple(replace(each, earned=0.0, state="tampered", problem=None) for each in done)
    scored = standing not in {"missing", "ungraded"}
    score = sum(each.earned for each in done) if scored else None
    late = draw(
        st.none()
        | st.builds(
            Lateness,
            st.just("2027-01-15T09:30:00+00:00"),
            st.integers(1, 10**6),
            st.sampled_from([0.0, 0.5, 0.9]),
        )
    )
    return Grade(
        student=student,
        standing=standing,
        possible=float(sum(each.points for each in done)) if done else 60.0,
        score=score,
        adjusted=None if score is None else score * (late.factor if late else 1),
        name=draw(st.none() | NAMES),
        reason=draw(st.none() | WORDS),
        exercises=done,
        flags=draw(FLAGS),
        lateness=late,
        provenance=draw(st.none() | PROVENANCE),
        member_ids=draw(st.dictionaries(WORDS, WORDS, max_size=2)),
    )


@st.composite
def class_reports(draw: st.DrawFn, least: int = 0, most: int = 4) -> ClassReport:
    students = draw(st.lists(NAMES, min_size=least, max_size=most, unique=True))
    return ClassReport(
        title=draw(NAMES),
        steps=("01_step", "02_step"),
        grades=tuple(draw(grades(student)) for student in sorted(students)),
        problems=draw(FLAGS),
    )


def timings_of(report: ClassReport) -> dict[str, Timing]:
    """A second for each exercise, and another for all the rest."""
    return {
        grade.student: Timing(
            grade.student,
            "2027-01-15T09:30:00+00:00",
            1.0 + len(grade.exercises),
            {each.id: 1.0 for each in grade.exercises},
        )
        for grade in report.grades
    }


TITLES = {
    "1.1": "The factory",
    "1.2": "Configuration",
    "1.3": "Extensions",
    "1.4": "Around every request",
    "2.1": "Models",
    "2.2": "Relationships",
    "2.3": "Queries",
}
PEOPLE = (
    "Ada Lovelace",
    "Alan Turing",
    "Barbara Liskov",
    "Donald Knuth",
    "Edsger Dijkstra",
    "Frances Allen",
    "Grace Hopper",
    "Hedy Lamarr",
    "John McCarthy",
    "Katherine Johnson",
    "Margaret Hamilton",
    "Mary Shaw",
    "Radia Perlman",
    "Tony Hoare",
)
SAYS = (
    "the caching hint is missing when the answer is an error",
    "3 requests to one endpoint, but the counter holds {'list_books': 1}",
    "a trail opened without a request (a CLI command, say) stayed open",
)


def sample(tier: str = "bwrap") -> ClassReport:
    """Fourteen learners, two steps: some good, some late, one who meddled, one who is missing."""
    luck = random.Random(7)
    grades = [_learner(name, skill, tier, luck) for skill, name in enumerate(PEOPLE)]
    grades[4] = replace(
        grades[4],
        standing="tampered",
        score=0.0,
        adjusted=0.0,
        reason="conftest.py is not part of the work, and changes how tests run",
        exercises=tuple(
            replace(each, state="tampered", earned=0.0, tests=()) for each in grades[4].exercises
        ),
        flags=(Flag("own_conftest", "a conftest.py was handed in", "02_data_layer/conftest.py"),),
    )
    grades[8] = replace(grades[8], standing="missing", score=None, adjusted=None, exercises=())
    late = Lateness("2027-01-15T09:30:00+00:00", 100_000, 0.9)
    score = grades[10].score or 0.0
    grades[10] = replace(grades[10], lateness=late, adjusted=score * 0.9)
    return ClassReport(
        "Web services, autumn",
        ("01_architecture", "02_data_layer"),
        tuple(sorted(grades, key=lambda grade: grade.student)),
        (Flag("unknown_student", "mallory handed in, and is not in the roster", "mallory.zip"),),
    )


def _learner(name: str, skill: int, tier: str, luck: random.Random) -> Grade:
    exercises = tuple(_exercise(identity, title, skill, luck) for identity, title in TITLES.items())
    score = sum(each.earned for each in exercises)
    student = name.rsplit(maxsplit=1)[-1].lower()
    return Grade(
        student,
        "graded",
        70.0,
        score,
        score,
        name=name,
        exercises=exercises,
        provenance=Provenance(*(c * 64 for c in "abcd"), tier, ("pid", "net", "seccomp")),
        member_ids={"email": f"{student}@example.org"},
    )


def _exercise(identity: str, title: str, skill: int, luck: random.Random) -> GradedExercise:
    step = {"1": "01_architecture", "2": "02_data_layer"}[identity[0]]
    if skill == 2 and identity == "2.2":
        problem = Failure(
            "SyntaxError: '(' was never closed",
            where=Location("app/models/book.py", 31, "loans"),
        )
        return GradedExercise(identity, step, title, 10.0, 0.0, "does_not_load", (), problem)
    passes = [luck.random() < 0.35 + skill / 20 for _ in range(4)]
    if skill > 11:
        passes = [True] * 4
    tests = tuple(
        GradedTest(f"test_{name}", "passed")
        if good
        else GradedTest(f"test_{name}", "failed", failure=_failure(luck))
        for name, good in zip(
            ("every_answer_says_how_long", "what_must_not_be_kept", "counted", "closed"),
            passes,
            strict=True,
        )
    )
    hidden = GradedTest("test_the_extra", "passed" if passes[0] else "failed", hidden=True)
    state: ExerciseState = "solved" if all(passes) else "not_yet"
    unstable = ("test_counted",) if skill == 6 and identity == "1.4" else ()
    return GradedExercise(
        identity, step, title, 10.0, sum(passes) * 2.5, state, (*tests, hidden), None, unstable
    )


def _failure(luck: random.Random) -> Failure:
    return Failure(
        luck.choice(SAYS),
        asked="GET /api/v1/books/999",
        expected="404 with Cache-Control: no-store",
        got="404 without Cache-Control",
        where=Location("app/hooks.py", 31, "add_headers"),
        printed="<script>alert('hello')</script> \x1b[31mred\x1b[0m\nand a second line",
    )
