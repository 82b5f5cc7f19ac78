"""How far the grading is: a bar on a terminal, a line for each learner elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from checker.grade.batch import Part

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Lines:
    """Plain lines, for a log: one when a learner is through."""

    def begin(self, students: int, known: int, parts: int) -> None:
        self.total, self.done, self.began = parts, 0, time.monotonic()
        if known:
            print(f"{known} of {students} are known already", file=sys.stderr)

    def expect(self, parts: list[Part]) -> None:
        """Learn which parts there are, to know when a learner has none left."""
        self._left = Counter(part.student for part in parts)

    def ended(self, part: Part, error: str | None) -> None:
        self.done += 1
        self._left[part.student] -= 1
        if error is not None:
            print(f"{part.student}: {part.step} could not be graded: {error}", file=sys.stderr)
        elif part.student and not self._left[part.student]:
            print(
                f"{self.done} of {self.total} steps  {part.student}  {self._eta()}", file=sys.stderr
            )

    def close(self) -> None:
        """Nothing is left on the screen."""

    def _eta(self) -> str:
        spent = time.monotonic() - self.began
        return f"{spoken(spent / self.done * (self.total - self.done))} left"


class Bar(Lines):
    """The same with a bar that tells the time left."""

    _bar: Progress
    _task: TaskID

    def begin(self, students: int, known: int, parts: int) -> None:
        super().begin(students, known, parts)
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("grading", total=parts)
        self._bar.start()

    def ended(self, part: Part, error: str | None) -> None:
        self._bar.advance(self._task)
        if error is not None:
            from rich.markup import escape

            words = f"{part.student}: {part.step} could not be graded: {error}"
            self._bar.console.print(escape(words), highlight=False)

    def close(self) -> None:
        if hasattr(self, "_bar"):
            self._bar.stop()


def spoken(seconds: float) -> str:
    """A duration as one says it: ``40 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
