"""How far it is, on a terminal and in a log."""

from __future__ import annotations

import pytest

from checker.grade.batch import Part
from checker.grade.progress import Bar, Lines, spoken

PARTS = [Part(name, step, 0, f"{name}{step}") for name in ("ann", "ben") for step in ("1", "2")]


@pytest.mark.parametrize("kind", [Lines, Bar])
def test_what_cannot_be_graded_is_told_at_once(kind, capsys):
    shown = kind()
    shown.expect(PARTS)
    shown.begin(3, 1, len(PARTS))
    for part in PARTS[:3]:
        shown.ended(part, None)
    shown.ended(PARTS[3], "the disk is [full]")
    shown.close()
    said = capsys.readouterr().err
    assert "1 of 3 are known already" in said
    assert "ben: 2 could not be graded: the disk is [full]" in said


def test_a_log_has_a_line_for_each_learner_with_the_time_left(capsys):
    shown = Lines()
    shown.expect(PARTS)
    shown.begin(2, 0, len(PARTS))
    for part in PARTS:
        shown.ended(part, None)
    assert capsys.readouterr().err.splitlines() == [
        "2 of 4 steps  ann  0 s left",
        "4 of 4 steps  ben  0 s left",
    ]


def test_durations_are_said_as_one_says_them():
    assert [spoken(seconds) for seconds in (0.4, 89, 100, 5399, 9000)] == [
        "0 s",
        "89 s",
        "2 min",
        "90 min",
        "2.5 h",
    ]
