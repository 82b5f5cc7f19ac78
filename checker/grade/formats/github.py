"""The step summary of GitHub Actions: Markdown, in ``summary.md`` and in the job's page.

It is appended to the file that ``$GITHUB_STEP_SUMMARY`` names. Whoever sees the run sees it,
so it has the learner's view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from checker.errors import EnvironmentTrouble
from checker.grade.formats import Source
from checker.grade.model import ClassReport, Grade, GradedExercise
from checker.grade.points import shown
from checker.grade.text import one_line
from checker.grade.view import for_learner
from checker.grade.words import STANDINGS, STATES, details, failures, lateness

LIMIT = 1024 * 1024
"""Bytes; GitHub drops a summary that is longer."""

LONGEST = 2000
"""Characters of one value; a learner's code can make it as long as it likes."""

_MARKS = {"solved": "✅", "not_yet": "❌", "does_not_load": "❌", "tampered": "🚩", "absent": "➖"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@:$-])")


def write(source: Source) -> list[Path]:
    parts = list(_parts(source.report))
    written = [source.put("summary.md", fitted(parts, LIMIT - 1))]
    target = source.options.environment.get("GITHUB_STEP_SUMMARY")
    if target:
        _append(Path(target), parts)
    return written


def _append(path: Path, parts: list[str]) -> None:
    """Add to what other commands of the same step have told, within the limit for all of it."""
    try:
        with path.open("ab") as file:
            room = LIMIT - 1 - file.tell()
            file.write(fitted(parts, room).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise EnvironmentTrouble(
            f"cannot write to {path}, which GITHUB_STEP_SUMMARY names: {error.strerror}"
        ) from error


def fitted(parts: list[str], room: int) -> str:
    """The parts that fit into ``room`` bytes, with a note on those that do not."""
    kept: list[str] = []
    used = 0
    for place, part in enumerate(parts):
        size = len(part.encode("utf-8", "backslashreplace"))
        note = f"\n*{len(parts) - place} more parts do not fit here: see the other reports.*\n"
        rest = len(note.encode()) if place + 1 < len(parts) else 0
        if used + size + rest > room:
            return "".join(kept) + note if used + len(note.encode()) <= room else ""
        kept.append(part)
        used += size
    return "".join(kept)


def _parts(report: ClassReport) -> Iterator[str]:
    """The summary in pieces that can be left out from the end."""
    yield f"## {_escaped(report.title)}\n\n"
    yield "| Learner | Points | of | |\n| --- | ---: | ---: | --- |\n"
    for grade in report.grades:
        yield _row(grade)
    yield "\n"
    for grade in report.grades:
        told = "".join(_exercises(for_learner(grade)))
        if told:
            yield told


def _row(grade: Grade) -> str:
    notes = [] if grade.standing == "graded" else [STANDINGS[grade.standing]]
    notes += [grade.reason] if grade.reason else []
    late = lateness(grade)
    notes += [late] if late else []
    if grade.provenance is not None and grade.provenance.tier == "none":
        notes.append("graded without a sandbox")
    cells = (_escaped(grade.student), shown(grade.adjusted), shown(grade.possible))
    return f"| {' | '.join(cells)} | {_escaped('; '.join(notes))} |\n"


def _exercises(grade: Grade) -> Iterator[str]:
    if not grade.exercises:
        return
    yield f"<details><summary>{_html(grade.student)}</summary>\n\n"
    yield "| | Exercise | Points | of |\n| --- | --- | ---: | ---: |\n"
    for exercise in grade.exercises:
        title = _escaped(f"{exercise.id} {exercise.title}")
        mark = f"{_MARKS.get(exercise.state, '⚠️')} {STATES[exercise.state]}"
        yield f"| {mark} | {title} | {shown(exercise.earned)} | {shown(exercise.points)} |\n"
    yield "\n"
    for exercise in grade.exercises:
        yield from _failures(exercise)
    yield "</details>\n\n"


def _failures(exercise: GradedExercise) -> Iterator[str]:
    for test, failure in failures(exercise):
        name = f"{exercise.id} {test.name}" if test else exercise.id
        yield f"- **{_escaped(name)}**: {_escaped(failure.message)}\n"
        for label, value in details(failure):
            yield f"  - {label}: {_code(value)}\n"
    if exercise.unstable:
        names = ", ".join(exercise.unstable)
        yield f"- **{exercise.id}** unstable: {_escaped(names)}\n"
    if failures(exercise) or exercise.unstable:
        yield "\n"


def _escaped(text: str) -> str:
    """Text as Markdown shows it letter by letter: no link, no mention, no table cell ends."""
    return _SPECIAL.sub(r"\\\1", _html(text))


def _html(text: str) -> str:
    flat = one_line(text, LONGEST)
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    """A value as code, whatever backticks are in it."""
    flat = one_line(text, LONGEST)
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    return f"{ticks} {flat} {ticks}"
