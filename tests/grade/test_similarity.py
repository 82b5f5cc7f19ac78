"""Copied code is found whatever it is renamed to, and what the course gave is no finding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.course import Course
from checker.grade.similarity import (
    LENGTH,
    WINDOW,
    compare,
    hashes_of,
    starter_files,
    tokens,
    winnowed,
)

COURSE = Course.load(Path(__file__).resolve().parents[2])
FILE = "01_step/app/hooks.py"
OPERATORS = ("+", "-", "*", "/", "//", "%", "<<", "|", "&", "^")


def program(seed: int, functions: int = 6) -> str:
    """Code like no other: its structure, not its names, comes from ``seed``."""
    luck = random.Random(seed)
    lines = []
    for number in range(functions):
        lines.append(f"def step_{number}(first, second):")
        lines += [f"    {statement(luck)}" for _ in range(luck.randrange(3, 7))]
    return "\n".join(lines) + "\n"


def statement(luck: random.Random) -> str:
    def expression(depth: int) -> str:
        kind = luck.randrange(6 if depth else 2)
        if kind == 0:
            return luck.choice(["first", "second", "self.value", "g.trail"])
        if kind == 1:
            return str(luck.randrange(100))
        if kind == 2:
            return f"run({expression(depth - 1)}, key={expression(depth - 1)})"
        if kind == 3:
            return f"[{expression(depth - 1)} for item in {expression(depth - 1)}]"
        operator = luck.choice(OPERATORS)
        return f"({expression(depth - 1)} {operator} {expression(depth - 1)})"

    pattern = luck.choice(["value = {}", "return {}", "if {}: pass", "yield {}", "del x[{}]"])
    return pattern.format(expression(3))


def renamed(text: str) -> str:
    """The same with other names, comments, blank lines and texts."""
    for old, new in (("first", "erste"), ("second", "zweite"), ("value", "wert"), ("run", "los")):
        text = text.replace(old, new)
    return text.replace("\n    ", "\n\n    # mine\n    ")


GIVEN = program(1000)


def test_a_renamed_copy_is_found_with_its_places() -> None:
    sources = {f"s{number}": {FILE: program(number)} for number in range(8)}
    sources["copier"] = {FILE: program(100, 3) + renamed(program(3))}

    pairs = compare(sources, {FILE: GIVEN})

    assert [(pair.one, pair.other) for pair in pairs] == [("copier", "s3")]
    assert pairs[0].share > 0.9
    first = len(program(100, 3).splitlines())
    longest = max(pairs[0].places, key=lambda place: place.other_lines[1] - place.other_lines[0])
    assert longest.file == longest.other_file == FILE
    assert longest.lines[0] >= first - 1
    last = len(program(3).splitlines())
    assert longest.other_lines[1] - longest.other_lines[0] > last / 2


def test_what_the_starter_has_is_subtracted() -> None:
    sources = {f"s{number}": {FILE: GIVEN + program(number, 1)} for number in range(4)}

    assert compare(sources, {FILE: GIVEN}) == ()
    assert compare(sources, {FILE: "pass\n"}) != ()


def test_what_much_of_the_class_has_is_no_copy() -> None:
    idiom = program(1)
    many = {f"s{number:02}": {FILE: idiom + program(50 + number)} for number in range(40)}
    two = {name: {FILE: program(200) + files[FILE]} for name, files in list(many.items())[:2]}

    assert compare(many, {FILE: "pass\n"}) == ()
    pairs = compare(many | two, {FILE: "pass\n"})
    assert [(pair.one, pair.other) for pair in pairs] == [("s00", "s01")]


def test_files_of_another_step_and_files_that_are_none_of_the_course_do_not_count() -> None:
    text = program(1)
    starter = {FILE: "pass\n", "02_step/app/hooks.py": text}

    assert compare({"a": {"02_step/app/hooks.py": text}, "b": {FILE: text}}, starter) == ()
    assert compare({"a": {"01_step/x.py": text}, "b": {"01_step/x.py": text}}, starter) == ()


def test_a_short_answer_is_no_hint() -> None:
    text = "def add_headers(response):\n    response.headers['a'] = 'b'\n    return response\n"

    assert compare({"a": {FILE: text}, "b": {FILE: text}}, {FILE: "pass\n"}) == ()


def test_the_order_of_the_class_changes_nothing() -> None:
    sources = {f"s{number}": {FILE: program(number % 4)} for number in range(6)}
    turned = dict(reversed(sources.items()))

    assert compare(sources, {FILE: GIVEN}) == compare(turned, {FILE: GIVEN})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("total = price * 2  # net", "x=y*7"),
        ("'''a\nb''' + f\"{c}\"", "'' + r'\\''"),
        ("a <= b", "c <= d"),
    ],
)
def test_names_texts_numbers_and_layout_do_not_count(one: str, other: str) -> None:
    assert tokens(one)[0] == tokens(other)[0]


@pytest.mark.parametrize(("one", "other"), [("a <= b", "a < b"), ("if a", "a a"), ("a(b)", "a[b]")])
def test_what_code_does_counts(one: str, other: str) -> None:
    assert tokens(one)[0] != tokens(other)[0]


def test_a_line_is_where_it_stands() -> None:
    text = '"""Three\nlines\n"""\n\nx = (\n    1\n)\n'

    assert tokens(text)[1] == [1, 5, 5, 5, 6, 7]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_anything_can_be_read(text: str) -> None:
    for _, first, last in hashes_of(text * 3):
        assert 1 <= first <= last <= 1 + (text * 3).count("\n")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=WINDOW, max_size=60))
def test_each_window_keeps_its_smallest_hash(codes: list[int]) -> None:
    """What winnowing promises: a shared run that fills a window has a shared fingerprint."""
    hashes = [(code, place, place) for place, code in enumerate(codes)]

    kept = {place: code for code, place, _ in winnowed(hashes)}

    for start in range(len(codes) - WINDOW + 1):
        window = range(start, start + WINDOW)
        smallest = min(codes[place] for place in window)
        last = max(place for place in window if codes[place] == smallest)
        assert kept.get(last) == smallest


def test_a_run_of_tokens_as_long_as_promised_is_found() -> None:
    shared = program(5).split("\n", 1)[1]
    stream = len(tokens(shared)[0])
    assert stream >= LENGTH + WINDOW - 1

    one, other = ({code for code, *_ in winnowed(hashes_of(f"{a}\n{shared}"))} for a in "12")

    assert one & other


def test_the_course_itself_can_be_its_own_class() -> None:
    """Solved by one, solved with other names by another, untouched by a third."""
    steps = [step.name for step in COURSE.steps[:2]]
    given_files = starter_files(COURSE, steps)
    solved = {
        path: (COURSE.root / "solutions" / path).read_text(encoding="utf-8") for path in given_files
    }
    sources = {"ada": solved, "bob": {path: renamed(text) for path, text in solved.items()}}

    pairs = compare({**sources, "eve": given_files}, given_files)

    assert [(pair.one, pair.other) for pair in pairs] == [("ada", "bob")]
    assert pairs[0].share > 0.8
