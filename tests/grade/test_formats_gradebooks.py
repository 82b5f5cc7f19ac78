"""The files of Canvas and Moodle: filled in where they should be, and untouched elsewhere."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.errors import UserError
from checker.grade.formats import Options, write
from checker.grade.formats.sheet import Sheet
from checker.grade.model import ClassReport, Flag, Grade
from checker.grade.points import rounded

# As Canvas exports it: a row on posting, one of the points, names that begin with a comma's last
# name, a column that is read only, and a test student.
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Homework (100),Library API (2042),"
    "Final Score,Unposted Final Score\r\n"
    ",,,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,20.00,70.00,(read only),(read only)\r\n"
    '"Lovelace, Ada",11,S-11,ada@example.org,"Mon, 9:00",18.50,,92.5,92.5\r\n'
    '"Turing, Alan",12,S-12,alan@example.org,"Mon, 9:00",,EX,,\r\n'
    '"Hopper, Grace",13,S-13,grace@example.org,Tuesday,20.00,41.00,100,100\r\n'
    '"Hamilton, Margaret",14,S-14,margaret@example.org,Tuesday,7,,35,35\r\n'
    '"Knuth, Donald",15,S-15,don@example.org,Tuesday,,N/A,,\r\n'
    '"Student, Test",99,,3f2a,Tuesday,,,,\r\n'
)

MOODLE = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\n'
    'Participant 501,"Ada Lovelace",S-11,ada@example.org,"Submitted for grading - ",,70.00,Yes,'
    '"Friday, 15 January 2027, 9:30 AM",-,\n'
    'Participant 502,"Alan Turing",S-12,alan@example.org,"Submitted for grading - Graded",41.00,'
    '70.00,Yes,"Friday, 15 January 2027, 9:31 AM","Monday, 18 January 2027, 8:00 AM",'
    '"Two lines,\nand a ""quote"""\n'
    'Participant 503,"Grace Hopper",S-13,grace@example.org,"No submission - ",,70.00,Yes,-,-,\n'
)
# The same in German, as a site with semicolons and commas gives it, marked as UTF-8
MOODLE_DE = (
    "\ufeff"
    'ID;"Vollständiger Name";"E-Mail-Adresse";Status;Bewertung;"Beste Bewertung";'
    '"Bewertung kann geändert werden";"Zuletzt geändert (Abgabe)";'
    '"Zuletzt geändert (Bewertung)";"Kommentar"\r\n'
    "Teilnehmer/in501;Ada Lovelace;ada@example.org;Zur Bewertung abgegeben - ;;70,00;Ja;-;-;\r\n"
    "Teilnehmer/in502;Jürgen Groß;jg@example.org;Zur Bewertung abgegeben - ;;70,00;Ja;-;-;\r\n"
)


def learner(student: str, points: float | None, **more: object) -> Grade:
    standing = "missing" if points is None else "graded"
    return Grade(student, standing, 70.0, points, points, **more)  # type: ignore[arg-type]


def class_of(*grades: Grade, title: str = "Library API") -> ClassReport:
    return ClassReport(title, ("01_architecture",), grades)


def canvas(
    tmp_path: Path, report: ClassReport, text: str | bytes = CANVAS, column: str | None = None
) -> tuple[bytes, list[Flag]]:
    file = tmp_path / "gradebook.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    told: list[Flag] = []
    options = Options(gradebook=file, column=column, tell=told.append)
    (path,) = write(report, {}, tmp_path / "out", ["canvas"], options)
    return path.read_bytes(), told


def moodle(tmp_path: Path, report: ClassReport, text: str = MOODLE) -> tuple[bytes, list[Flag]]:
    file = tmp_path / "worksheet.csv"
    file.write_bytes(text.encode())
    told: list[Flag] = []
    options = Options(worksheet=file, tell=told.append)
    (path,) = write(report, {}, tmp_path / "out", ["moodle"], options)
    return path.read_bytes(), told


def test_canvas_gets_the_scores_and_keeps_every_other_byte(tmp_path: Path) -> None:
    report = class_of(
        learner("S-11", 100 / 3),
        learner("alan@example.org", 50.0),
        learner("14", None),
        learner("hopper", 52.5, name="Grace Hopper"),
    )

    content, told = canvas(tmp_path, report)

    expected = CANVAS.replace("18.50,,", "18.50,33.33,").replace("20.00,41.00,", "20.00,52.5,")
    assert content.decode() == expected
    assert [flag.code for flag in told] == ["kept_in_file"]
    assert "alan@example.org is excused in gradebook.csv, which stays so" in told[0].message


def test_canvas_with_semicolons_and_commas_is_filled_in(tmp_path: Path) -> None:
    text = (
        "\ufeffStudent;ID;SIS User ID;SIS Login ID;Section;Library API (2042);Final Score\r\n"
        "    Points Possible;;;;;70,00;(read only)\r\n"
        "Groß, Jürgen;11;S-11;jg@example.org;Mo, 9:00;;92,5\r\n"
        "Doe, Jane;12;S-12;jane@example.org;Mo, 9:00;41,50;\r\n"
    )

    content, told = canvas(tmp_path, class_of(learner("S-11", 52.5), learner("12", None)), text)

    # Canvas reads a point as well as a comma; nobody's missing score becomes 0.
    assert content.decode() == text.replace("Mo, 9:00;;92,5", "Mo, 9:00;52.5;92,5")
    assert told == []


def test_a_learner_whom_canvas_does_not_know_is_told(tmp_path: Path) -> None:
    report = class_of(learner("S-11", 1.0), learner("mallory", 70.0), learner("15", 3.0))

    content, told = canvas(tmp_path, report)

    assert b"mallory" not in content
    assert [flag.code for flag in told] == ["not_in_file", "kept_in_file"]
    assert told[0].message == "mallory is not in gradebook.csv: no grade was written"
    assert "15 does not have this assignment" in told[1].message


def test_two_learners_never_share_a_row(tmp_path: Path) -> None:
    report = class_of(
        learner("S-11", 1.0), learner("11", 2.0), learner("x", 3.0, member_ids={"ID": "13"})
    )

    content, told = canvas(tmp_path, report)

    assert content.decode() == CANVAS.replace("20.00,41.00", "20.00,3")
    assert [flag.code for flag in told] == ["shared_row_in_file"] * 2


def test_a_name_that_two_have_is_not_guessed(tmp_path: Path) -> None:
    text = CANVAS.replace("Turing, Alan", "Lovelace, Ada")

    content, told = canvas(tmp_path, class_of(learner("x", 9.0, name="Ada Lovelace")), text)

    assert content.decode() == text
    assert [flag.code for flag in told] == ["ambiguous_in_file"]


@pytest.mark.parametrize("column", ["2042", "Library API (2042)", "library api"])
def test_the_assignment_is_known_by_its_title_or_its_number(tmp_path: Path, column: str) -> None:
    report = class_of(learner("13", 70.0), title="Another title")

    content, _ = canvas(tmp_path, report, column=column)

    assert content.decode() == CANVAS.replace("41.00", "70")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Library API (2042)", "has no assignment 'Essay'; it has: Homework"),
        ("Essay", "has no assignment 'Essay'; it has: Homework"),
        ("Essay (1),Essay (2)", r"has Essay \(1\), Essay \(2\): say which"),
    ],
)
def test_no_assignment_is_ever_made_up(tmp_path: Path, header: str, reason: str) -> None:
    text = CANVAS.replace("Library API (2042)", header, 1)

    with pytest.raises(UserError, match=reason):
        canvas(tmp_path, class_of(learner("11", 1.0), title="Essay"), text)


@pytest.mark.parametrize("text", ["", "Name,Points\nAda,3\n", "Student,ID\nAda,3\n"])
def test_what_is_no_gradebook_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="gradebook"):
        canvas(tmp_path, class_of(), text)


def test_what_is_counted_out_of_another_number_is_told(tmp_path: Path) -> None:
    content, told = canvas(
        tmp_path, class_of(learner("11", 1.0)), CANVAS.replace("70.00", "100.00")
    )

    assert b"Points Possible,,,,,20.00,100.00," in content
    assert "counts out of 100.00, the report out of 70" in told[0].message


def test_a_file_that_was_not_given_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--gradebook FILE"):
        write(class_of(), {}, tmp_path, ["canvas"], Options())
    with pytest.raises(UserError, match="--worksheet FILE"):
        write(class_of(), {}, tmp_path, ["moodle"], Options())
    with pytest.raises(UserError, match=r"cannot read .*absent\.csv: No such file"):
        write(class_of(), {}, tmp_path, ["moodle"], Options(worksheet=tmp_path / "absent.csv"))


@pytest.mark.parametrize(
    "grade",
    [
        learner("501", 33.333),
        learner("Participant 501", 33.333),
        learner("participant_501", 33.333),
        learner("ADA@example.org", 33.333),
        learner("al", 33.333, member_ids={"email": "ada@example.org"}),
        learner("al", 33.333, member_ids={"ID number": "S-11"}),
        learner("al", 33.333, name="Ada Lovelace"),
        learner("al", 33.333, name="Lovelace, Ada"),
    ],
    ids=lambda grade: f"{grade.student} {grade.name or ''} {grade.member_ids or ''}",
)
def test_moodle_gets_the_grade_of_whoever_it_is(tmp_path: Path, grade: Grade) -> None:
    content, told = moodle(tmp_path, class_of(grade))

    first = '"Submitted for grading - ",,70.00'
    assert content.decode() == MOODLE.replace(first, first.replace(",,", ",33.33,"), 1)
    assert told == []


def test_moodle_in_another_language_keeps_its_signs(tmp_path: Path) -> None:
    report = class_of(learner("502", 33.333), learner("ada@example.org", None))

    content, told = moodle(tmp_path, report, MOODLE_DE)

    row = "jg@example.org;Zur Bewertung abgegeben - ;"
    assert content.decode() == MOODLE_DE.replace(f"{row};", f"{row}33,33;")
    assert told == []


@pytest.mark.parametrize(("delimiter", "encoding"), [("\t", "utf-16"), ("|", "latin-1")])
def test_any_delimiter_and_encoding_is_kept(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = MOODLE_DE.removeprefix("\ufeff").replace(";", delimiter)
    file = tmp_path / "worksheet.csv"
    file.write_bytes(text.encode(encoding))

    (path,) = write(
        class_of(learner("502", 7.0)), {}, tmp_path / "out", ["moodle"], Options(worksheet=file)
    )

    row = delimiter.join(("jg@example.org", "Zur Bewertung abgegeben - ", ""))
    assert path.read_bytes() == text.replace(row, f"{row}7").encode(encoding)


@pytest.mark.parametrize(
    "text",
    [
        CANVAS,
        "Identifier,Grade\nParticipant 1,\n",
        MOODLE.replace("Participant 502", "Grace"),
        MOODLE.replace("Participant 502", "Someone 502"),
    ],
)
def test_what_is_no_worksheet_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="is no grading worksheet of Moodle"):
        moodle(tmp_path, class_of(), text)


def test_moodle_is_told_out_of_what_it_must_count(tmp_path: Path) -> None:
    _, told = moodle(tmp_path, class_of(learner("501", 69.0)), MOODLE.replace("70.00", "50.00"))

    assert "counts out of 50.00, the report out of 70: set the maximum grade" in told[0].message


SCORES = st.none() | st.integers(0, 490).map(lambda sevenths: sevenths / 7)


@settings(max_examples=20, deadline=None)
@given(scores=st.lists(SCORES, min_size=3, max_size=3), late=st.sampled_from([0.0, 0.5, 1.0]))
def test_a_gradebook_says_what_the_report_says(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float | None], late: float
) -> None:
    folder = tmp_path_factory.mktemp("gradebook")
    grades = tuple(
        replace(learner(f"S-1{place}", score), adjusted=None if score is None else score * late)
        for place, score in zip((1, 3, 4), scores, strict=True)
    )
    content, _ = canvas(folder, class_of(*grades))

    before, after = (list(csv.reader(io.StringIO(text))) for text in (CANVAS, content.decode()))
    for grade in grades:
        old, new = (next(r for r in rows if r[2:3] == [grade.student]) for rows in (before, after))
        if grade.adjusted is None:
            assert new == old
        else:
            assert float(new[6]) == rounded(grade.adjusted)
            assert new[:6] + new[7:] == old[:6] + old[7:]


CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_file_that_is_read_and_written_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    file = tmp_path_factory.mktemp("sheet") / "file.csv"
    file.write_bytes(text.getvalue().encode())

    sheet = Sheet.read(file)

    assert sheet.to_bytes() == file.read_bytes()
    read = [
        [sheet.get(row, column) for column in range(len(cells))] for row, cells in enumerate(rows)
    ]
    assert read == rows
