"""A second process that runs a share of a check's tests, where there is a processor for it.

The first process runs the tests up to some place, the second one those from there on. What the
second one says is listened to when the first one has come there, so that it reads as if one had
run them all. What nobody has called solved yet, the first one runs to its end meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from checker.engine.job import Job
from checker.engine.link import Link

# Each process imports the learner's app for itself, and prepares what later tests find prepared:
# a second one that spares less than so many seconds spares none.
_WORTH = 0.06


@dataclass
class _Known:
    """What earlier checks have told of a job; ``seconds`` are each test's own."""

    seconds: dict[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    solved: bool = False


class Halves:
    """The second process, and where to cut. It is asked where it spares ``worth`` seconds or more.

    It starts when the first job is worth it, and stays.
    """

    def __init__(self, environment: dict[str, str] | None, worth: float = _WORTH) -> None:
        self._environment = environment
        self._worth = worth
        self._known: dict[Job, _Known] = {}
        self._link: Link | None = None
        self._expected: Job | None = None

    def learn(
        self, job: Job, names: tuple[str, ...], seconds: Mapping[str, float], solved: bool
    ) -> None:
        """Remember how long a job's tests took, without the import of the app."""
        known = self._known.setdefault(job, _Known())
        known.seconds.update(seconds)
        known.names, known.solved = names, solved

    def was_solved(self, job: Job) -> bool:
        """Whether the job's last check said so."""
        return job in self._known and self._known[job].solved

    def place(self, job: Job) -> int | None:
        """How many of the job's tests the first process runs; None where it runs them all."""
        known = self._known.get(job)
        if known is None or any(name not in known.seconds for name in known.names):
            return None
        # An app elsewhere is one process, and so is what writes a stack that others read.
        if job.subject != "direct" or job.stack is not None:
            return None
        return place([known.seconds[name] for name in known.names], self._worth)

    def expect(self, job: Job, order: dict[str, Any]) -> None:
        """Have the second process ready for its share of this order, if it is worth it."""
        self._expected = None
        if self.place(job) is not None:
            # It may still end its last check: the order is kept for then, and nobody waits here.
            self._warm().send({**order, "stack": _made(order), "do": "expect"})
            self._expected = job

    def is_ready(self, job: Job) -> bool:
        """Whether the second process is warm, and waits for this job."""
        link = self._link
        return self._expected == job and link is not None and link.ready and link.alive

    def begin(self, order: dict[str, Any], place: int) -> Link:
        """The second process, which begins with the tests from ``place`` on; it is to be ended."""
        if self._link is not None:
            self._link.hear_out()  # who does not end is ended, and there is a new one then
        link, self._expected = self._warm(), None
        link.run({**order, "stack": _made(order), "skip": place, "stop": None})
        return link

    def _warm(self) -> Link:
        if self._link is None or not self._link.alive:
            self.close()
            self._link = Link("fork", self._environment)
        return self._link

    def close(self) -> None:
        """End the second process."""
        link, self._link, self._expected = self._link, None, None
        if link is not None:
            link.close()


def apart(stack: Path) -> Path:
    """The second process's own stack, in a folder of its own."""
    return stack.parent / "second" / stack.name


def _made(order: dict[str, Any]) -> str:
    stack = apart(Path(order["stack"]))
    stack.parent.mkdir(exist_ok=True)
    return str(stack)


def place(seconds: Sequence[float], worth: float) -> int | None:
    """Where to cut, so that the longer part is short; None where that is not worth it.

    The parts stay as they follow each other: what one test prepares, the next ones may use.
    """
    total = sum(seconds)
    parts = [max(first, total - first) for first in accumulate(seconds[:-1])]
    if not parts or total - min(parts) < worth:
        return None
    return parts.index(min(parts)) + 1


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "process_cpu_count"):  # from 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not everywhere
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
