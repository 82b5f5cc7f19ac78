"""``checker list``: every exercise and how it stands. Quick from cold: nothing heavy here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.course import Exercise, Step
from checker.learn.progress import Entry, Progress
from checker.learn.session import Session, describe, print_json
from checker.learn.text import Console, Line, Span, line, pad, show

STYLES = {"solved": "good", "not_yet": "bad", "does_not_load": "bad"}
WORDS = {"solved": "solved", "not_yet": "not yet", "does_not_load": "no start"}


def print_list(session: Session, as_json: bool) -> None:
    import sys

    if as_json:
        print_json(listing(session))
        return
    progress = session.store.read()
    show(list_lines(session, progress, Console.of(sys.stdout)))
    if session.store.warning:
        print(f"\n {session.store.warning}", file=sys.stderr)


def listing(session: Session) -> dict[str, Any]:
    """The list as data; see ``schemas/list.json``."""
    progress = session.store.read()
    current = session.current(progress).id if session.open_steps else None
    steps = [
        session.describe_step(step, progress)
        | {"exercises": [describe(exercise, progress) for exercise in step.exercises]}
        for step in session.course.steps
    ]
    return {
        "version": 1,
        "current": current,
        "steps": steps,
        "warning": session.store.warning,
    }


def list_lines(session: Session, progress: Progress, console: Console) -> list[Line]:
    """One line for each step and exercise."""
    current = session.current(progress).id if session.open_steps else None
    lines: list[Line] = []
    for step in session.course.steps:
        if lines:
            lines.append(())
        lines.append(_step_line(session, step, progress, console))
        lines += [
            _exercise_line(exercise, progress[exercise.id], exercise.id == current, console)
            for exercise in step.exercises
        ]
    return lines


def _step_line(session: Session, step: Step, progress: Progress, console: Console) -> Line:
    title = Span(pad(f" {step.name[:2]} {step.title}", 43), "strong")
    if not session.is_started(step):
        return line(title, " ", Span(f"checker start {step.number}", "dim"))
    solved, total = session.solved_count(step, progress), len(step.exercises)
    return line(title, " ", f"{console.bar(solved, total)}  {solved} of {total}")


def _exercise_line(exercise: Exercise, entry: Entry, is_current: bool, console: Console) -> Line:
    glyphs = console.glyphs
    here = glyphs.here if is_current else " "
    mark = {"good": glyphs.good, "bad": glyphs.bad, "": glyphs.open}[STYLES.get(entry.state, "")]
    return line(
        Span(f" {here} "),
        Span(f"{mark} ", STYLES.get(entry.state, "dim")),
        pad(f"{exercise.id} {exercise.title}", 38),
        " ",
        Span("  ".join(_notes(exercise, entry)), "dim"),
    )


def _notes(exercise: Exercise, entry: Entry) -> Iterator[str]:
    yield pad(WORDS.get(entry.state, "open"), 8)
    if entry.total and not entry.is_solved:
        yield f"{len(entry.passed)} of {entry.total} tests"
    elif not entry.is_solved:
        yield f"{exercise.minutes} min"
    if entry.hints and not entry.is_solved:
        yield f"{entry.hints} of 3 hints"
