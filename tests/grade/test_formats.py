"""Whatever a class looks like, every format tells the same of it, and what may be told."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from checker.errors import UserError
from checker.grade.formats import FORMATS, Options, results, write
from checker.grade.formats.github import LIMIT, fitted
from checker.grade.formats.names import file_names
from checker.grade.formats.table import safe
from checker.grade.model import ClassReport, Flag, Grade
from checker.grade.points import rounded, shown
from checker.grade.reading import read_report
from checker.grade.text import one_line, visible
from checker.grade.view import for_learner

from .generated import SECRET, class_reports, sample, timings_of

SCHEMA = json.loads(
    resources.files("checker.grade").joinpath("schemas/results-1.schema.json").read_text("utf-8")
)
RUNNER = {
    "CLASSROOM": "web",
    "ASSIGNMENT": "library",
    "SUBMISSION_TAG": "submit/2027-01-15T09-30-00Z-abc1234",
    "COMMIT_URL": "https://example.org/commit",
    "RELEASE_URL": "https://example.org/release",
}
ANY = ("json", "junit", "gradescope", "github", "csv", "html")
quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


def written(
    report: ClassReport, folder: Path, *formats: str, **environment: str
) -> dict[str, bytes]:
    """Each file by its path below the report."""
    options = Options(environment=environment)
    paths = write(report, timings_of(report), folder, formats or ANY, options)
    assert len(paths) == len(set(paths))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def number(text: str | None) -> float | None:
    return float(text) if text else None


def totals(grade: Grade) -> tuple[float | None, float | None, float]:
    scores = [None if each is None else rounded(each) for each in (grade.score, grade.adjusted)]
    return scores[0], scores[1], rounded(grade.possible)


def points(grade: Grade) -> list[tuple[str, float, float]]:
    """As a learner's formats have them: an exercise of hidden tests goes by a neutral id."""
    return [
        (each.id, rounded(each.earned), rounded(each.points))
        for each in for_learner(grade).exercises
    ]


@quick
@given(report=class_reports())
def test_json_is_the_whole_report_by_its_schema(report: ClassReport, folder: Path) -> None:
    document = json.loads(written(report, folder, "json")["results.json"])

    Draft202012Validator(SCHEMA).validate(document)
    for told, grade in zip(document["grades"], report.grades, strict=True):
        assert (told["score"], told["adjusted"], told["possible"]) == totals(grade)
        earned = [[each["earned"], each["points"]] for each in told["exercises"]]
        assert earned == [numbers for _, *numbers in points(grade)]
        assert [each["id"] for each in told["exercises"]] == [each.id for each in grade.exercises]
        assert told["student"] == grade.student
    # What the next run, and whoever checks the results, reads back.
    again = read_report(folder / "results.json")
    assert [each.student for each in again.grades] == [each.student for each in report.grades]
    assert document == json.loads(json.dumps(results.document(again)))
    whole = json.dumps(results.document(report), indent=1, ensure_ascii=False)
    content = (folder / "results.json").read_bytes()
    assert content == f"{whole}\n".encode("utf-8", "backslashreplace")


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_refuses_a_missing_score_that_became_0(folder: Path) -> None:
    document = json.loads(written(sample(), folder, "json")["results.json"])
    missing = next(each for each in document["grades"] if each["standing"] == "missing")
    assert Draft202012Validator(SCHEMA).is_valid(document)

    missing["score"] = missing["adjusted"] = 0

    assert not Draft202012Validator(SCHEMA).is_valid(document)


@quick
@given(report=class_reports())
def test_junit_counts_what_it_lists_and_has_the_points(report: ClassReport, folder: Path) -> None:
    root = ET.fromstring(written(report, folder, "junit")["junit.xml"])  # noqa: S314 - our own

    suites = root.findall("testsuite")
    assert len(suites) == len(report.grades)
    for suite, grade in zip(suites, report.grades, strict=True):
        told = {each.get("name"): each.get("value") for each in suite.iter("property")}
        mine = [number(told.get(name)) for name in ("points.raw", "points", "points.possible")]
        assert tuple(mine) == totals(grade)
        for identity, earned, most in points(grade):
            assert number(told[f"points.{identity}"]) == earned
            assert number(told[f"points.{identity}.possible"]) == most
    for element in (root, *suites):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert element.get(name) == str(sum(case.find(kind) is not None for case in cases))
    run = sum(len(exercise.tests) for grade in report.grades for exercise in grade.exercises)
    assert len(list(root.iter("testcase"))) >= run


@quick
@given(report=class_reports())
def test_gradescope_gets_the_score_and_hides_what_is_hidden(
    report: ClassReport, folder: Path
) -> None:
    files = written(report, folder, "gradescope")

    names = file_names(grade.student for grade in report.grades)
    for grade in report.grades:
        told = json.loads(files[f"gradescope/{names[grade.student]}.json"])
        assert told.get("score") == totals(grade)[1]
        shown_tests = [each for each in told["tests"] if "max_score" in each]
        earned = [(each["number"], each.get("score"), each["max_score"]) for each in shown_tests]
        if grade.adjusted is None:
            assert all(score is None for _, score, _ in earned)
        else:
            assert earned == points(grade)
        for test in told["tests"]:
            assert test["status"] in {"passed", "failed"}
            secret = "hidden" in test["name"] or test["name"].endswith("Hidden tests")
            assert test["visibility"] == ("hidden" if secret else "visible")
            if "max_score" not in test:
                assert re.fullmatch(r"\S+ hidden test \d+", test["name"])
                assert test["output"] == ""
        hidden = sum(test.hidden for exercise in grade.exercises for test in exercise.tests)
        assert len(told["tests"]) - len(shown_tests) == hidden


@quick
@given(report=class_reports(least=1, most=1))
def test_classroom_50_gets_whole_points_and_never_more_than_were_earned(
    report: ClassReport, folder: Path
) -> None:
    grade = report.grades[0]
    if grade.adjusted is None:
        with pytest.raises(UserError, match="has no score"):
            written(report, folder, "classroom50", **RUNNER)
        return
    content = written(report, folder, "classroom50", **RUNNER)["classroom50/result.json"]

    told = json.loads(content)
    Draft202012Validator(CLASSROOM50).validate(told)
    assert told["score"] == int(rounded(grade.adjusted))
    assert told["max-score"] == int(rounded(grade.possible))
    if grade.exercises:
        assert sum(test["score"] for test in told["tests"]) == told["score"]
        assert sum(test["max-score"] for test in told["tests"]) == told["max-score"]
    assert all(test["score"] <= test["max-score"] for test in told["tests"])


# The shape that its runner checks, in our words. What it stamps itself (owner and the kind of
# the assignment) is not asked of a grader.
CLASSROOM50: dict[str, Any] = {
    "type": "object",
    "required": [
        "schema",
        "classroom",
        "assignment",
        "submission",
        "commit",
        "release",
        "review",
        "datetime",
        "score",
        "max-score",
        "tests",
    ],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": {"type": "integer", "minimum": 0},
        "max-score": {"type": "integer", "minimum": 0},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": {"type": "string", "minLength": 1},
                    "passed": {"type": "boolean"},
                    "score": {"type": "integer", "minimum": 0},
                    "max-score": {"type": "integer", "minimum": 0},
                },
            },
        },
    }
    | {
        name: {"type": "string", "minLength": 1}
        for name in ("classroom", "assignment", "commit", "release", "review")
    },
}


def test_classroom_50_names_what_its_runner_did_not_say(folder: Path) -> None:
    report = sample()
    one = replace(report, grades=report.grades[:1])

    with pytest.raises(UserError, match="one submission, and there are 14"):
        written(report, folder, "classroom50", **RUNNER)
    rest = {name: RUNNER[name] for name in ("CLASSROOM", "ASSIGNMENT", "COMMIT_URL")}
    with pytest.raises(UserError, match="needs SUBMISSION_TAG, RELEASE_URL in the environment"):
        written(one, folder, "classroom50", **rest)


@quick
@given(report=class_reports())
def test_the_table_has_a_row_for_each_learner_and_exercise(
    report: ClassReport, folder: Path
) -> None:
    text = written(report, folder, "csv")["results.csv"].decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    at = iter(rows)
    for grade in report.grades:
        for identity, earned, most in points(grade) or [("", None, None)]:
            row = next(at)
            told = tuple(number(row[name]) for name in ("score", "adjusted", "possible"))
            assert told == totals(grade)
            assert row["exercise"] == identity
            assert (number(row["earned"]), number(row["points"])) == (earned, most)
    assert next(at, None) is None
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]


@quick
@given(report=class_reports())
def test_the_summary_of_github_has_the_same_numbers(report: ClassReport, folder: Path) -> None:
    target = folder / "step"
    target.write_text("Told before.\n", encoding="utf-8")

    text = written(report, folder, "github", GITHUB_STEP_SUMMARY=str(target))["summary.md"]

    lines = text.decode("utf-8").split("\n")
    rows = [line.split(" | ") for line in lines if line.startswith("| ")][2:]
    for row, grade in zip(rows, report.grades, strict=False):
        _, adjusted, possible = totals(grade)
        assert [number(cell.strip()) for cell in row[-3:-1]] == [adjusted, possible]
    assert target.read_bytes() == b"Told before.\n" + text


@quick
@given(report=class_reports())
def test_no_learner_reads_a_word_of_a_hidden_test(report: ClassReport, folder: Path) -> None:
    files = written(report, folder)

    for name, content in files.items():
        if name not in {"results.json", "class.html"}:
            assert SECRET.encode() not in content, name


@quick
@given(report=class_reports())
def test_pages_are_whole_and_let_nothing_in(report: ClassReport, folder: Path) -> None:
    files = written(report, folder, "html")

    assert len(files) == len(report.grades) + 1
    for content in files.values():
        page = content.decode("utf-8")
        assert "<script" not in page
        assert "\x1b" not in page
        assert not re.search(
            r"""(?:src|srcset|action)=|url\(|@import|href="(?!#|learners/)""", page
        )
    names = file_names(grade.student for grade in report.grades)
    for grade in report.grades:
        page = files[f"learners/{names[grade.student]}.html"].decode("utf-8")
        said = re.findall(r"""<span class="points">(\S+) of (\S+) points""", page)
        assert said == [(shown(each.earned), shown(each.points)) for each in grade.exercises]
        _, adjusted, possible = totals(grade)
        total = re.search(r"<dt>of (\S+) points</dt><dd>(\S+)</dd>", page)
        assert (total is None) == (adjusted is None)
        assert not total or (float(total[1]), float(total[2])) == (possible, adjusted)


@settings(quick, max_examples=5)
@given(report=class_reports())
def test_the_same_report_gives_the_same_bytes(report: ClassReport, folder: Path) -> None:
    assert written(report, folder) == written(report, folder)


def test_the_summary_of_github_is_cut_below_its_limit(tmp_path: Path) -> None:
    report = sample()
    grades = tuple(
        replace(grade, student=f"{grade.student}{number}")
        for number in range(120)
        for grade in report.grades
    )
    target = tmp_path / "step"
    target.write_bytes(b"x" * 500_000 + b"\n")

    text = written(
        replace(report, grades=grades), tmp_path, "github", GITHUB_STEP_SUMMARY=str(target)
    )["summary.md"]

    assert LIMIT * 0.9 < len(text) < LIMIT
    assert LIMIT * 0.9 < target.stat().st_size < LIMIT
    for content in (text, target.read_bytes()):
        assert re.search(
            rb"\*\d+ more parts do not fit here: see the other reports\.\*\n\Z", content
        )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.integers(0, 200))
def test_what_is_cut_fits(parts: list[str], room: int) -> None:
    text = fitted(parts, room)

    assert len(text.encode("utf-8", "backslashreplace")) <= room
    assert text == "".join(parts) or "more parts" in text or not text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=120), unique=True, max_size=6))
def test_no_two_learners_share_a_file(students: list[str]) -> None:
    names = file_names(students)

    assert len({name.casefold() for name in names.values()}) == len(students)
    for name in names.values():
        assert re.fullmatch(r"[\w@+-][\w.@+-]*", name)
        assert not name.endswith(".")
        assert len(name) < 100


def test_ids_that_a_file_system_minds_get_a_name_it_does_not() -> None:
    names = file_names(["ada", "Ada", "con", "../../etc/passwd", "", "b@x.org"])

    assert names["b@x.org"] == "b@x.org"
    assert names["ada"] != "ada"
    assert names["con"].startswith("learner-")
    assert "/" not in names["../../etc/passwd"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("\t=1", "'=1"),
        ("\r\n@x", "'@x"),
        ("  -2+3", "'-2+3"),
        ("＝1", "'＝1"),
        ("a=b", "a=b"),
    ],
)
def test_a_spreadsheet_calculates_nothing(text: str, cell: str) -> None:
    assert safe(text) == cell


@pytest.mark.parametrize(
    ("points_", "text"),
    [
        (None, ""),
        (0, "0"),
        (0.0, "0"),
        (10, "10"),
        (7.5, "7.5"),
        (100 / 3, "33.33"),
        (2.675, "2.68"),
    ],
)
def test_points_have_two_decimals_at_most(points_: float | None, text: str) -> None:
    assert shown(points_) == text


def test_what_cannot_be_seen_is_shown() -> None:
    assert visible("\x1b[31mred\x1b[0m \x1b]0;title\x07\x07\u202e\ud800") == "red ␇\\u202e\\ud800"
    assert one_line("a\r\n b\tc", 4) == "a b…"


def test_an_unknown_format_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(UserError, match=f"'xml' is no format; the formats are {FORMATS[0]}, "):
        written(sample(), folder, "json", "xml")


def test_flags_are_for_the_instructor_to_read(folder: Path) -> None:
    files = written(sample(), folder, "csv", "html")

    assert b"a conftest.py was handed in" in files["results.csv"]
    assert b"mallory handed in, and is not in the roster" in files["class.html"]
    assert isinstance(sample().problems[0], Flag)
