"""Hints one at a time, and when the solution may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checker.course import Exercise
from checker.learn.progress import Progress
from checker.learn.session import Session
from checker.learn.text import Console, Line, Span, line, wrap


@dataclass(frozen=True)
class Hint:
    """The hint shown now. ``is_last`` means that only the solution is left."""

    exercise: Exercise
    level: int
    text: str
    seen_before: bool

    @property
    def is_last(self) -> bool:
        return self.level == len(self.exercise.hints)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": 1,
            "exercise": self.exercise.id,
            "level": self.level,
            "of": len(self.exercise.hints),
            "hint": self.text,
            "is_last": self.is_last,
        }


def next_hint(session: Session, exercise: Exercise) -> Hint:
    """The next hint, counted as seen; the last one again once all were seen."""
    most = len(exercise.hints)
    seen = 0

    def count(progress: Progress) -> Progress:
        nonlocal seen
        seen = progress[exercise.id].hints
        return progress.with_entry(exercise.id, hints=min(seen + 1, most))

    level = session.store.update(count)[exercise.id].hints
    return Hint(exercise, level, exercise.hints[level - 1], seen_before=seen >= most)


def hint_lines(hint: Hint, console: Console) -> list[Line]:
    head = f" hint {hint.level} of {len(hint.exercise.hints)}"
    rows = wrap(hint.text.strip(), max(console.width - 4, 16))
    return [
        line(Span(head, "accent"), f"  {hint.exercise.id}"),
        *(line("   ", row) for row in rows),
    ]
