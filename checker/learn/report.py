"""A verdict in words: the one renderer behind ``checker check`` and the watch screen."""

from __future__ import annotations

from checker.course import Exercise
from checker.engine.verdict import Failure, TestResult, Verdict
from checker.learn.text import (
    Console,
    Line,
    Span,
    cells,
    line,
    neutral,
    neutral_lines,
    pad,
    wrap,
)

LABEL = 10
MARGIN = " "
LONGEST_MESSAGE = 3

BUSY = "checking"
LABELS = {
    "solved": ("good", "solved"),
    "not_yet": ("bad", "not yet"),
    "does_not_load": ("bad", "no start"),
    "environment": ("warn", "set-up"),
    "fault": ("warn", "our fault"),
}
NEXT = {
    "environment": "not your code; for the machine, type: checker doctor",
    "fault": "this is a fault of the course, not of your code",
}


def verdict_lines(
    verdict: Verdict,
    console: Console,
    verbose: bool = False,
    busy: bool = False,
    whole: bool = False,
) -> list[Line]:
    """The verdict in at most ten lines as wide as the console; with ``verbose``, all of it.

    With ``busy``, it is that of the content before, and says so. With ``whole``, its message is
    not cut, however many lines a narrow page makes of it.
    """
    style, label = ("accent", BUSY) if busy else LABELS[verdict.state]
    marks = {
        "good": console.glyphs.good,
        "bad": console.glyphs.bad,
        "warn": "!",
        "accent": console.glyphs.busy,
    }
    failure = verdict.first_failure
    if verdict.state == "solved":
        count = len(verdict.tests)
        message = f"all {count} tests pass" if count != 1 else "the test passes"
    else:
        message = neutral(failure.message) if failure else "no test ran"
    head = Span(f"{marks[style]} {pad(label, LABEL - 1)}", style)
    most = None if verbose or whole else LONGEST_MESSAGE
    lines = _labelled(head, message, console, most)
    if failure is not None:
        lines += _failure_rows(failure, console, verbose)
    if verdict.state in NEXT:
        lines += _row("next", NEXT[verdict.state], console, None if verbose else 2)
    for warning in verdict.warnings if verbose else verdict.warnings[:1]:
        lines += _row("note", neutral(warning), console, None if verbose else 1)
    if verbose:
        lines += _tests(verdict.tests, console)
    return lines


def exercise_line(exercise: Exercise, console: Console) -> Line:
    """The exercise's id and title, and the file to edit."""
    title = f"{MARGIN}{exercise.id} {exercise.title}"
    file = edit_path(exercise)
    if cells(title) + 2 + cells(file) <= console.width:
        return line(
            Span(pad(title, min(43, console.width - cells(file) - 2)), "strong"),
            "  ",
            file,
        )
    return line(Span(console.fit(title, console.width), "strong"))


def edit_path(exercise: Exercise) -> str:
    """The file to edit, from the course's folder; `+1` tells of another one."""
    others = f" +{len(exercise.edit) - 1}" if len(exercise.edit) > 1 else ""
    return f"work/{exercise.step_name}/{exercise.edit[0]}{others}"


def _failure_rows(failure: Failure, console: Console, verbose: bool) -> list[Line]:
    most = None if verbose else 1
    rows: list[Line] = []
    if failure.asked:
        rows += _row("asked", neutral(failure.asked), console, most)
    expected, got = failure.expected, failure.got
    if expected is not None and got is not None and not verbose:
        width = console.width - len(MARGIN) - LABEL - 2
        expected, got = apart(neutral(expected), neutral(got), width, console.glyphs.more)
    if expected is not None:
        rows += _row("expected", neutral(expected), console, most)
    if got is not None:
        rows += _row("got", neutral(got), console, most)
    if failure.where is not None:
        rows += _row("where", neutral(str(failure.where)), console, most)
    if failure.printed.strip():
        printed = neutral_lines(failure.printed.rstrip())
        rows += _row("printed", "\n".join(printed if verbose else printed[-1:]), console, most)
    if verbose and failure.details:
        rows += [
            (),
            *(line(MARGIN, "  ", row) for row in neutral_lines(failure.details.rstrip())),
        ]
    return rows


def apart(expected: str, got: str, width: int, more: str = "…") -> tuple[str, str]:
    """Two long values, shortened in front where they agree: the difference stays on the screen."""
    if max(cells(expected), cells(got)) <= width:
        return expected, got
    common = 0
    while common < min(len(expected), len(got)) and expected[common] == got[common]:
        common += 1
    skip = common - width // 3
    if skip <= len(more):
        return expected, got
    return more + expected[skip:], more + got[skip:]


def _tests(tests: tuple[TestResult, ...], console: Console) -> list[Line]:
    rows: list[Line] = [()]
    for test in tests:
        passed = test.outcome == "passed"
        mark = console.glyphs.good if passed else console.glyphs.bad
        outcome = Span(
            f"{mark} {pad(test.outcome.replace('_', ' '), LABEL - 1)}",
            "good" if passed else "bad",
        )
        rows.append(line(MARGIN, outcome, " ", neutral(test.name)))
        if test.failure is not None and not passed:
            rows.append(line(MARGIN, "  ", " " * LABEL, neutral(test.failure.message)))
    return rows


def _row(label: str, text: str, console: Console, most: int | None) -> list[Line]:
    return _labelled(Span("  " + pad(label, LABEL - 1), "dim"), text, console, most)


def _labelled(label: Span, text: str, console: Console, most: int | None) -> list[Line]:
    """A label, and its text wrapped beside it."""
    indent = len(MARGIN) + cells(label.text) + 1
    rows = wrap(text, max(console.width - indent, 8), most, console.glyphs.more)
    lines = [line(MARGIN, label, " ", rows[0])]
    return lines + [line(" " * indent, row) for row in rows[1:]]
