"""Rosters as spreadsheets and LMSes save them, and what lateness costs."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime, timedelta

import pytest

from checker.errors import UserError
from checker.grade.late import Policy, lateness, moment, read_policy
from checker.grade.roster import read_roster

DUE = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


@pytest.fixture
def roster(tmp_path):
    def read(text, encoding="utf-8"):
        file = tmp_path / "roster.csv"
        file.write_bytes(text.encode(encoding))
        return read_roster(file)

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_spreadsheet_may_save_it_in_its_own_way(roster, encoding, delimiter, end):
    rows = [["id", "name", "email"], ["1", '"Zoë, the first"', "zoe@example.org"], ["", "", ""]]
    text = end.join(delimiter.join(row) for row in rows)
    member = roster(text, encoding).members["1"]
    assert member.name == "Zoë, the first"
    assert member.others == {"email": "zoe@example.org"}


def test_a_gradebook_of_canvas_is_a_roster(roster):
    found = roster(
        "Student,ID,SIS User ID,SIS Login ID,Section,Step 1 (901)\n"
        "    Points Possible,,,,,30\n"
        '"Lovelace, Ada",12345,S1,ada,A,\n'
    )
    assert list(found.members) == ["12345"]
    assert found.members["12345"].name == "Lovelace, Ada"
    assert found.find("ada") is found.members["12345"]


def test_a_worksheet_of_moodle_is_a_roster_in_any_language(roster):
    found = roster("Identifier,Full name,Note\nTeilnehmer/in 1234567,Ada,\n")
    assert list(found.members) == ["1234567"]


def test_a_time_of_submission_may_be_in_it(roster):
    found = roster("id,submitted_at\na,2026-11-21T08:00+01:00\nb,\n")
    assert found.members["a"].submitted_at == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert found.members["b"].submitted_at is None
    assert found.members["a"].others == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column is called id; the first line holds nothing"),
        ("name\nAda\n", "no column is called id; the first line holds name"),
        ("id\n", "nobody is in it"),
        ("id,name\na,A\nb,B\nA,Again\n", ":4: the id 'A' is in line 2 already"),
        ("id,name\n,Ada\n", ":2: this line has no id"),
        ("id,submitted_at\na,2026-11-21 08:00\n", ":2: submitted_at: .* no time zone"),
        ("id,submitted_at\na,tomorrow\n", "is no time"),
        ("id\n\x1b[31m\n", "control characters"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(roster, text, reason):
    with pytest.raises(UserError, match=reason):
        roster(text)


def test_a_file_that_is_no_text_is_said_to_be(tmp_path):
    (tmp_path / "roster.csv").write_bytes(codecs.BOM_UTF8 + b"id\n\xff\n")
    with pytest.raises(UserError, match="save it as"):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(UserError, match="cannot be read"):
        read_roster(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("late", "factor"),
    [
        (timedelta(seconds=1), 1.0),
        (timedelta(minutes=15), 1.0),
        (timedelta(minutes=15, seconds=1), 0.9),
        (timedelta(days=1), 0.9),
        (timedelta(days=1, seconds=1), 0.8),
        (timedelta(days=5), 0.5),
        (timedelta(days=5, seconds=1), 0.0),
        (timedelta(days=50), 0.0),
    ],
)
def test_each_day_that_has_begun_costs_until_the_cut_off(tmp_path, late, factor):
    file = tmp_path / "policy.toml"
    file.write_text("grace_minutes = 15\ndeduction_per_day = 0.1\ncut_off_days = 5\n", "utf-8")
    found = lateness(DUE, DUE + late, read_policy(file))
    assert found is not None
    assert (found.seconds, found.factor) == (late.total_seconds(), factor)


def test_in_time_is_not_late_in_any_time_zone():
    assert lateness(DUE, DUE, Policy(deduction_per_day=1.0)) is None
    assert lateness(DUE, moment("2026-11-21T00:30+01:00"), Policy(deduction_per_day=1.0)) is None


def test_no_deduction_goes_below_nothing():
    found = lateness(DUE, DUE + timedelta(days=9), Policy(deduction_per_day=0.3))
    assert found is not None
    assert found.factor == 0.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("per_day = 0.1", "per_day is not a key; the keys are grace_minutes"),
        ("deduction_per_day = 10", "must be a number from 0 to 1, not 10"),
        ("deduction_per_day = true", "must be a number"),
        ("cut_off_days = nan", "must be a number"),
        ("grace_minutes = -1", "must be a number from 0, not -1"),
        ("grace_minutes", "is not TOML"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path, text, reason):
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=reason):
        read_policy(file)
