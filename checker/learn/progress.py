"""What the learner has achieved: one JSON file, keyed by exercise id.

It records verdicts and nothing else, so all of it can be rebuilt by ``checker check --all``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import EnvironmentTrouble
from checker.files import locked, write_json

if TYPE_CHECKING:
    from datetime import datetime

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One exercise: its last state, the tests that passed, the hints seen."""

    state: str = "open"
    passed: tuple[str, ...] = ()
    total: int = 0
    solved_at: str | None = None
    hints: int = 0
    solution_seen: bool = False

    @property
    def is_solved(self) -> bool:
        return self.state == "solved"


@dataclass(frozen=True)
class Progress:
    """Every exercise's entry, and the exercise the learner chose, if any."""

    current: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)

    def __getitem__(self, exercise: str) -> Entry:
        return self.entries.get(exercise, Entry())

    def with_entry(self, exercise: str, **changes: Any) -> Progress:
        entry = replace(self[exercise], **changes)
        return replace(self, entries=self.entries | {exercise: entry})

    def with_verdict(
        self, exercise: str, state: str, passed: Iterable[str], total: int
    ) -> Progress:
        """The outcome of a whole check. Trouble that is not the learner's changes nothing."""
        if state in ("environment", "fault"):
            return self
        entry = self[exercise]
        now = _now().isoformat(timespec="seconds")
        solved_at = (entry.solved_at or now) if state == "solved" else entry.solved_at
        return self.with_entry(
            exercise,
            state=state,
            passed=tuple(passed),
            total=total or entry.total,
            solved_at=solved_at,
        )

    def forgetting(self, exercises: Iterable[str]) -> Progress:
        """Without the verdicts of exercises whose files a command has just replaced."""
        changed = self
        for exercise in exercises:
            changed = changed.with_entry(exercise, state="open", passed=())
        return changed


class ProgressStore:
    """The file ``progress.json``; safe for two checkers at once."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "progress.json"
        self.warning = ""

    def read(self) -> Progress:
        """What is saved. A damaged file counts as nothing: it is moved aside, with a warning."""
        try:
            return from_json(json.loads(self.file.read_text(encoding="utf-8")), self.file)
        except FileNotFoundError:
            return Progress()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._set_aside()
            return Progress()

    def update(self, change: Callable[[Progress], Progress]) -> Progress:
        """Read, change and write in one go."""
        with locked(self.file.with_name("progress.lock")):
            before = self.read()
            after = change(before)
            if after != before or not self.file.exists():
                write_json(self.file, to_json(after))
        return after

    def _set_aside(self) -> None:
        aside = self.file.with_name(f"progress.damaged-{_now():%Y%m%d-%H%M%S-%f}.json")
        try:
            self.file.rename(aside)
        except OSError:
            kept = f"{self.file} is damaged"
        else:
            kept = f"the progress file was damaged; it is kept as {aside.name}"
        self.warning = f"{kept}. Rebuild it with: checker check --all"


def _now() -> datetime:
    from datetime import (
        UTC,
        datetime,
    )  # kept out of `checker list`, as is all that it does not need

    return datetime.now(UTC)


def from_json(record: Any, file: Path) -> Progress:
    """The progress that ``file`` holds; one of several errors where it holds none."""
    version = record["version"]
    if not isinstance(version, int):
        raise TypeError
    if version > VERSION:
        raise EnvironmentTrouble(
            f"{file} was written by a newer checker (version {version}, this one knows {VERSION}):"
            " bring the course up to date with git pull"
        )
    current = record["current"]
    if not isinstance(current, str | None):
        raise TypeError
    return Progress(
        current, {name: entry_from_json(entry) for name, entry in record["exercises"].items()}
    )


def entry_from_json(record: Any) -> Entry:
    """One exercise's entry; ``TypeError`` or ``KeyError`` where it is none."""
    entry = Entry(**(record | {"passed": tuple(record.get("passed", ()))}))
    good = (
        isinstance(entry.state, str)
        and isinstance(entry.total, int)
        and isinstance(entry.hints, int)
        and isinstance(entry.solution_seen, bool)
        and isinstance(entry.solved_at, str | None)
        and all(isinstance(test, str) for test in entry.passed)
    )
    if not good:
        raise TypeError
    return entry


def to_json(progress: Progress) -> dict[str, Any]:
    """What :func:`from_json` reads."""
    return {
        "version": VERSION,
        "current": progress.current,
        "exercises": {
            name: vars(entry) | {"passed": list(entry.passed)}
            for name, entry in sorted(progress.entries.items())
        },
    }
