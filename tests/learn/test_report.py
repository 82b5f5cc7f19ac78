"""What a verdict looks like, at any width, in any encoding, whatever the learner's code says."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.engine.verdict import EXIT_CODES, Failure, Location, TestResult, Verdict
from checker.learn.report import apart, verdict_lines
from checker.learn.text import ASCII, UNICODE, Console, Line, cells, neutral, show, wrap
from checker.learn.watch.screen import Moment, drawn, frame

WIDE = Console(100, 30, colour=False, glyphs=UNICODE)
PLAIN = Console(80, 30, colour=False, glyphs=ASCII)
TEXT = st.text(max_size=300)


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def not_yet(failure: Failure, **more: Any) -> Verdict:
    return Verdict("1.1", "not_yet", (TestResult("test_it", "failed", 0.1, failure),), **more)


FAILURE = Failure(
    "the caching hint is missing when the answer is an error",
    "GET /api/v1/books/999",
    "404 with Cache-Control: no-store",
    "404 without Cache-Control",
    Location("app/hooks.py", 31, "add_headers"),
)


def test_it_looks_as_designed() -> None:
    assert text_of(verdict_lines(not_yet(FAILURE), WIDE)) == [
        " ✗ not yet   the caching hint is missing when the answer is an error",
        "   asked     GET /api/v1/books/999",
        "   expected  404 with Cache-Control: no-store",
        "   got       404 without Cache-Control",
        "   where     app/hooks.py:31, in add_headers",
    ]


@pytest.mark.parametrize("state", list(EXIT_CODES))
def test_every_state_has_a_mark_and_a_word_of_its_own(state: Any) -> None:
    firsts = {
        s: text_of(verdict_lines(Verdict("1.1", s, problem=FAILURE), PLAIN))[0][:13]
        for s in EXIT_CODES
    }
    assert sum(first == firsts[state] for first in firsts.values()) == 1
    assert firsts[state].strip()[0] in "+x!"


def test_the_machines_trouble_points_to_the_doctor() -> None:
    verdict = Verdict("1.1", "environment", problem=Failure("the package x is missing"))
    assert "checker doctor" in text_of(verdict_lines(verdict, WIDE))[-1]


def test_long_values_are_cut_where_they_differ() -> None:
    same = "0123456789" * 20
    expected, got = apart(same + "left", same + "right", 40)
    assert "left" in expected[:40]
    assert "right" in got[:40]
    assert apart("short", "shirt", 40) == ("short", "shirt")


def test_verbose_shows_everything() -> None:
    failure = Failure("m" * 500, "GET /x", "e" * 500, "g" * 500, None, "one\ntwo", "Trace\nback")
    shown = "".join(text_of(verdict_lines(not_yet(failure), WIDE, verbose=True))).replace(" ", "")
    for whole in ("m" * 500, "e" * 500, "g" * 500, "Trace", "one", "two", "test_it"):
        assert whole in shown


def test_a_narrow_page_shows_the_whole_message() -> None:
    narrow = Console(36, 40, colour=False, glyphs=UNICODE)
    words = [f"word{number}" for number in range(40)]
    verdict = not_yet(Failure(" ".join(words)))

    shown = " ".join(text_of(verdict_lines(verdict, narrow, whole=True))).split()

    assert [word for word in shown if word.startswith("word")] == words
    assert "word39" not in " ".join(text_of(verdict_lines(verdict, narrow)))


@given(
    TEXT,
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | TEXT,
    TEXT,
    st.integers(24, 120),
    st.data(),
)
@settings(deadline=None)
def test_whatever_it_says_it_fits_and_steers_nothing(
    message: str,
    asked: str | None,
    expected: str | None,
    got: str | None,
    printed: str,
    width: int,
    data: st.DataObject,
) -> None:
    failure = Failure(message, asked, expected, got, Location("app/x.py", 3, "f"), printed, message)
    verdict = not_yet(failure, warnings=(message, "another"))
    console = Console(width, 40, False, data.draw(st.sampled_from([UNICODE, ASCII])))
    lines = text_of(verdict_lines(verdict, console))
    assert len(lines) <= 10
    assert max(map(cells, lines)) <= width
    verbose = text_of(verdict_lines(verdict, console, verbose=True))
    for line in lines + verbose:
        assert line == neutral(line)


@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 86, 100, 200])
@pytest.mark.parametrize("busy", ["", "checking"])
def test_the_whole_screen_is_at_most_fifteen_lines(learner: Any, width: int, busy: str) -> None:
    course = learner.session.course
    failure = Failure(
        "word " * 100, "a" * 300, "b" * 300, "c" * 300, Location("d" * 300), "e" * 300
    )
    moment = Moment(course.step(1), 8, course.exercise("1.1"), 1, 2, busy=busy)
    moment.notice = "n " * 200
    moment.verdict = not_yet(failure, warnings=("f " * 200,))
    console = Console(width, 40, False, UNICODE)
    lines = text_of([console.fit_line(line) for line in frame(moment, console)])
    assert len(lines) <= 15
    assert max(map(cells, lines)) <= width


def test_a_frame_is_drawn_over_the_last_without_clearing(learner: Any) -> None:
    course = learner.session.course
    moment = Moment(course.step(1), 8, course.exercise("1.1"), 0, 0, verdict=not_yet(FAILURE))
    text = drawn(frame(moment, WIDE), WIDE)
    assert text.startswith("\x1b[H\x1b[K")
    assert text.endswith("\x1b[J")
    assert "\x1b[2J" not in text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("bell\x07 back\x08", r"bell\x07 back\x08"),
        ("two\nlines", r"two\nlines"),
        ("c1 \x9b3J", r"c1 \x9b3J"),
        ("right to left \u202e", r"right to left \u202e"),
        ("half \ud800", r"half \ud800"),
        ("grüße 日本 🎉", "grüße 日本 🎉"),
    ],
)
def test_controls_are_spelt_out(said: str, shown: str) -> None:
    assert neutral(said) == shown


def test_a_long_word_is_cut_rather_than_left_out() -> None:
    assert wrap("GET /api/v1/loans/history?after=123456789", 24, 1) == ["GET /api/v1/loans/histo…"]
    assert wrap("one two three four", 9, 1) == ["one two…"]


def test_wide_characters_count_twice() -> None:
    assert cells("日本") == 4
    assert wrap("日本日本日本", 5) == ["日本", "日本", "日本"]
    assert cells(WIDE.fit("日本日本日本", 5)) <= 5


@given(TEXT, st.integers(5, 40))
def test_wrapping_keeps_every_word_within_the_width(text: str, width: int) -> None:
    lines = wrap(neutral(text), width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == neutral(text).replace(" ", "")


class _Stream(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="replace")


@pytest.mark.parametrize(
    ("encoding", "glyphs"),
    [("utf-8", UNICODE), ("cp1252", ASCII), ("ascii", ASCII), ("cp437", ASCII)],
)
def test_the_marks_are_those_the_encoding_has(encoding: str, glyphs: Any) -> None:
    console = Console.of(_Stream(encoding))
    assert console.glyphs == glyphs
    assert not console.colour, "no colour where there is no terminal"


def test_lines_without_a_terminal_are_whole() -> None:
    stream = _Stream("utf-8")
    show(verdict_lines(not_yet(Failure("x" * 70)), PLAIN), stream)
    assert "x" * 60 in stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
