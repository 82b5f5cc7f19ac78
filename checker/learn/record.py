"""The learner's work as one file: what a page of the site saves, and what it loads.

``version``; ``progress`` as ``progress.json`` has it; ``files`` by ``<step>/<path>``, those that
an exercise asks for and that differ from the starter; ``answers`` that only the pages ask for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checker.backups import Change, Copy
from checker.course import Exercise
from checker.errors import EnvironmentTrouble, UserError
from checker.files import read, write_json
from checker.learn import progress as kept
from checker.learn.progress import Entry, Progress
from checker.learn.session import Session

VERSION = 1
NAME = "build-secure-ship.json"
IMPORT = "import"


@dataclass(frozen=True)
class Record:
    """A learner's work, wherever it was done."""

    progress: Progress
    files: Mapping[str, str]
    answers: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "progress": kept.to_json(self.progress),
            "files": dict(sorted(self.files.items())),
            "answers": dict(self.answers),
        }


@dataclass(frozen=True)
class Brought:
    """What an import did: the copy of what it replaced, and what it had no place for."""

    copy: Copy | None
    exercises: tuple[Exercise, ...]
    left_out: tuple[str, ...]


def load(file: Path) -> Record:
    """The record in a file; :class:`UserError` where it holds none."""
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        version, files, answers = table["version"], table["files"], table["answers"]
        if not isinstance(version, int) or version < 1:
            raise TypeError
        if version > VERSION:
            raise EnvironmentTrouble(
                f"{file} was saved by a newer course (version {version}, this one knows {VERSION}):"
                " bring the course up to date with git pull"
            )
        texts = all(isinstance(text, str) for pair in files.items() for text in pair)
        if not texts or not isinstance(answers, dict):
            raise TypeError
        return Record(kept.from_json(table["progress"], file), files, answers)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"{file} holds no record of the course: save one with a page's `Save it as a file`,"
            " or with `checker export`"
        ) from None


def collect(session: Session) -> Record:
    """What is in ``work/`` now."""
    files: dict[str, str] = {}
    for step in session.open_steps:
        for exercise in step.exercises:
            for name in exercise.edit:
                mine = read(session.workspace.folder(step) / name)
                if mine is not None and mine != (step.path / name).read_bytes():
                    files[f"{step.name}/{name}"] = _text(mine, f"work/{step.name}/{name}")
    return Record(session.store.read(), files, {})


def save(session: Session, file: Path) -> Record:
    """Write the record of what is in ``work/`` to a new file."""
    if file.exists():
        raise UserError(f"{file} exists already, and is not overwritten: give another name")
    record = collect(session)
    write_json(file, record.to_json())
    return record


def bring_in(session: Session, record: Record) -> Brought:
    """Lay the record's files over ``work/``, after a copy, and take over what it knows of them.

    A step that is not started is started. What is known of an exercise is taken over where its
    files are those of the record; hints that were seen stay seen.
    """
    edited = {
        f"{exercise.step_name}/{name}": exercise
        for exercise in session.course.exercises
        for name in exercise.edit
    }
    taken = {name: text for name, text in record.files.items() if name in edited}
    begun = {edited[name].id for name in taken}
    exercises = tuple(each for each in session.course.exercises if each.id in begun)
    for name in dict.fromkeys(exercise.step_name for exercise in exercises):
        step = session.course.step(name)
        if not session.is_started(step):
            session.workspace.start(step)
    changes = {f"work/{name}": Change(text.encode()) for name, text in taken.items()}
    copy = session.workspace.backups.replace(changes, IMPORT, "import of a page's work")

    def change(progress: Progress) -> Progress:
        for name, theirs in record.progress.entries.items():
            mine = progress[name]
            entry = theirs if name in begun else mine
            progress = progress.with_entry(name, **vars(_seen(entry, mine, theirs)))
        return progress

    session.store.update(change)
    left_out = tuple(sorted(set(record.files) - set(taken)))
    return Brought(copy, exercises, left_out)


def _seen(entry: Entry, mine: Entry, theirs: Entry) -> Entry:
    return replace(
        entry,
        hints=max(mine.hints, theirs.hints),
        solution_seen=mine.solution_seen or theirs.solution_seen,
    )


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{name} is no text in UTF-8: save it in that encoding") from None
