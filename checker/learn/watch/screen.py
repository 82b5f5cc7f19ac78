"""What the watch screen shows: from a plain description of the moment to lines that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checker.course import Exercise, Step
from checker.engine.verdict import Verdict
from checker.learn.report import edit_path, exercise_line, verdict_lines
from checker.learn.text import Console, Line, Span, cells, line, pad, wrap

NARROW = 60
FIRST_SCREEN = 15
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"

HELP = (
    ("h", "the next hint, after the third the solution"),
    ("l", "all exercises"),
    ("d", "this exercise in the docs"),
    ("e", "open the file in $VISUAL or $EDITOR"),
    ("c", "check all exercises of the started steps"),
    ("n", "go to the next open exercise"),
    ("r", "put the starter's version back, after a copy"),
    ("Enter", "check now"),
    ("q", "quit"),
)


@dataclass
class Moment:
    """All that the screen shows. ``panel`` is what a key asked for, ``notice`` is at the foot."""

    step: Step
    steps: int
    exercise: Exercise
    solved: int
    hints: int
    verdict: Verdict | None = None
    busy: str = ""
    panel: list[Line] = field(default_factory=list)
    panel_key: str = ""
    panel_replaces: bool = False
    notice: str = ""


def frame(moment: Moment, console: Console) -> list[Line]:
    """The whole screen, in no more lines than the terminal has."""
    head = header(moment, console)
    body = [] if moment.panel and moment.panel_replaces else _body(moment, console)
    foot = [line(" ", Span(row, "warn")) for row in _notice(moment.notice, console)]
    foot += keys(moment, console)
    parts = [head, body, moment.panel, foot]
    parts = [part for part in parts if part]
    height = console.height if moment.panel else min(console.height, FIRST_SCREEN)
    if sum(map(len, parts)) + len(parts) - 1 <= height:
        return [row for part in parts for row in ([()] if part is not head else []) + part]
    room = max(height - len(head) - len(foot), 1)
    return (head + _cut(body, moment.panel, room, console) + foot)[-height:]


def _cut(body: list[Line], panel: list[Line], room: int, console: Console) -> list[Line]:
    """What a small terminal has room for: the verdict's first lines before the panel's."""
    rows = body[: max(room - len(panel), 1)] + panel if panel else body
    if len(rows) <= room:
        return rows
    return [*rows[: room - 1], line(" ", Span(console.glyphs.more, "dim"))]


def header(moment: Moment, console: Console) -> list[Line]:
    """Where we are: the step, how far it is done, the exercise and its file."""
    total = len(moment.step.exercises)
    title = f" {moment.step.name[:2]} {moment.step.title}"
    if console.width >= NARROW:
        done = f"{console.bar(moment.solved, total)}  {moment.solved} of {total}"
        right = f"{done}     step {moment.step.number} of {moment.steps}"
        left = 43 if console.width >= 43 + 2 + cells(right) else console.width - cells(right) - 2
    else:
        right = f"{console.bar(moment.solved, total, 6)}  {moment.solved}/{total}"
        left = console.width - cells(right) - 2
    first = line(Span(pad(console.fit(title, left), left), "strong"), "  ", right)
    second = exercise_line(moment.exercise, console)
    rows = [first, second]
    if len(second) == 1:
        rows.append(line("     ", console.fit(edit_path(moment.exercise), console.width - 6)))
    return [console.fit_line(row) for row in rows]


def _body(moment: Moment, console: Console) -> list[Line]:
    if moment.verdict is None:
        busy = f"{console.glyphs.busy} {moment.busy}{console.glyphs.more}"
        return [line(" ", Span(busy, "accent"))] if moment.busy else []
    if not moment.busy:
        return verdict_lines(moment.verdict, console)
    first, *more = verdict_lines(moment.verdict, console, busy=True)
    return [first[:2] + _dimmed(first[2:]), *map(_dimmed, more)]


def _dimmed(row: Line) -> Line:
    return tuple(Span(span.text, "dim") for span in row)


def _notice(notice: str, console: Console) -> list[str]:
    return wrap(notice, console.width - 2, 2, console.glyphs.more) if notice else []


def keys(moment: Moment, console: Console) -> list[Line]:
    """The keys, as many as one line holds: the rest is behind ``?``."""
    of = len(moment.exercise.hints)
    whole = (
        ("h", f"hint {moment.hints} of {of}"),
        ("l", "list"),
        ("d", "docs"),
        ("e", "edit"),
        ("c", "check all"),
        ("n", "next"),
        ("q", "quit"),
    )
    short = (("h", f"hint {moment.hints}/{of}"), *whole[1:])
    few = (short[0], ("n", "next"), ("?", "keys"), ("q", "quit"))
    for choice, gap in ((whole, "   "), (short, "  "), (few, "  ")):
        text = gap.join(f"[{key}] {name}" for key, name in choice)
        if len(text) + 1 <= console.width:
            break
    else:
        text = "  ".join(f"{key} {name}" for key, name in few)
    return [line(" ", Span(console.fit(text, console.width - 1), "dim"))]


def help_panel(console: Console) -> list[Line]:
    rows: list[Line] = []
    for key, what in HELP:
        first, *more = wrap(what, max(console.width - 10, 12))
        rows.append(line(" ", Span(pad(f"[{key}]", 8), "accent"), first))
        rows += [line(" " * 9, row) for row in more]
    return rows


def window(rows: list[Line], around: str, room: int) -> list[Line]:
    """At most ``room`` rows, so that the one with ``around`` is among them."""
    if len(rows) <= room:
        return rows
    at = next((n for n, row in enumerate(rows) if around in "".join(s.text for s in row)), 0)
    first = min(max(at - room // 2, 0), len(rows) - room)
    return rows[first : first + room]


def drawn(rows: Sequence[Line], console: Console) -> str:
    """The frame as one text, written over what is there without clearing it: nothing flickers.

    Nothing is ever cleared above the screen: what the learner scrolled past stays.
    """
    painted = (CLEAR_LINE + console.paint(console.fit_line(row)) for row in rows)
    return HOME + "\n".join(painted) + CLEAR_BELOW
