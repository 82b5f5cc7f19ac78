"""How long a process stood in line for a processor: on a busy machine, no fault of its code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_EVERY = 0.5


@dataclass(frozen=True)
class Runner:
    """A process whose main thread does the work, and the ``top`` of all that it may start."""

    process: int
    top: int


@dataclass(frozen=True)
class Look:
    """Seconds since a process began: it ``waited``, ready to run; and its ``others`` computed.

    The others are its own further threads, and all processes that it has started.
    """

    waited: float
    others: float


def look(runner: Runner) -> Look | None:
    """What the kernel tells of it now; None where there is no such process, or no such kernel."""
    import psutil  # type: ignore[import-untyped]

    try:
        told = Path(f"/proc/{runner.process}/schedstat").read_text(encoding="ascii")
        top = psutil.Process(runner.top)
        times = [each.cpu_times() for each in (top, *top.children(recursive=True))]
    except (OSError, psutil.Error):
        return None
    ran, waited = (int(number) / 1e9 for number in told.split()[:2])
    return Look(waited, sum(sum(each[:4]) for each in times) - ran)


class Waits:
    """Adds up what runners have waited for others than their own.

    While a thread waits, its own may be what computes instead: a program that keeps a
    processor busy with its children gains nothing by that. ``total`` never grows faster than
    the clock does, for each runner, nor before a runner was looked at once: of a check that is
    soon over, never.
    """

    def __init__(self, look: Callable[[Runner], Look | None] = look) -> None:
        self.total = 0.0
        self._look = look
        self._before: dict[Runner, Look] = {}
        self._due: float | None = None

    def update(self, now: float, runners: Callable[[], Iterable[Runner]]) -> None:
        """Look at them again, if that is due."""
        if self._due is None:
            self._due = now + _EVERY
        if now < self._due:
            return
        self._due = now + _EVERY
        for runner in runners():
            seen, before = self._look(runner), self._before.get(runner)
            if seen is None:
                continue
            self._before[runner] = seen
            if before is not None:
                own = max(seen.others - before.others, 0.0)
                self.total += max(seen.waited - before.waited - own, 0.0)
