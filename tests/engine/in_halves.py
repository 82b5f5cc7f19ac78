"""An engine that has two processes run every check that two can run, however short it is."""

from __future__ import annotations

from checker.engine.engine import ForkEngine
from checker.engine.halves import Halves
from checker.engine.job import Job


class Always(Halves):
    """Cuts every job at the same place, and waits until the second process is warm.

    One that is ``sure`` lets nothing be run again.
    """

    def __init__(self, place: int, sure: bool) -> None:
        super().__init__(None)
        self._place = place
        self._sure = sure

    def place(self, job: Job) -> int | None:
        """The place, if this can be cut at all."""
        return self._place if job.subject == "direct" and job.stack is None else None

    def is_ready(self, job: Job) -> bool:
        """As soon as it is, if it is asked at all."""
        link = self._warm()
        while link.alive and not link.ready:
            link.next(0.05)
        return self.place(job) is not None

    def was_solved(self, job: Job) -> bool:
        """Whether nobody need look again."""
        return self._sure


def in_halves(place: int = 2, sure: bool = True) -> ForkEngine:
    """The engine, whose first process runs so many tests."""
    return ForkEngine(ahead=True, halves=Always(place, sure))
