"""How long a test may take, and where its stack is written when it takes longer."""

from __future__ import annotations

import faulthandler
import math
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_DUMP = 100_000
# To set the clock starts a thread: a part of a test that begins so soon after another shares its
# clock, and loses no more than this of its time.
_SHARED = 0.2


def of_app(stack: Path) -> Path:
    """Where the app's process writes its own: two that write at once would tear their lines."""
    return stack.with_name(f"{stack.name}-app")


class Watch:
    """Dumps the stack of what outlives ``limit`` seconds, and of a crash, to a file.

    Whoever ends the test reads that file, and its neighbour from the app's process if there
    is one. Does nothing without a limit and a file.
    """

    def __init__(self, limit: float | None, stack: Path | None) -> None:
        self.limit = limit
        self.stack = stack
        self._file: TextIO | None = None
        self._deadline: float | None = None
        self._set = -math.inf

    def start(self) -> None:
        """A test begins, or its next part: the time counts from now."""
        if self.limit is None or self.stack is None:
            return
        if self._file is None:
            self._file = self.stack.open("a", encoding="utf-8")
            faulthandler.enable(self._file)
        # What an earlier part left is no news of this one.
        self._file.truncate(0)
        with suppress(FileNotFoundError):
            os.truncate(of_app(self.stack), 0)
        now = time.monotonic()
        self._deadline = now + self.limit
        if now < self._set + min(_SHARED, self.limit / 10):
            return
        self._set = now
        # Where there are no threads nobody can watch; in a page that is the reader, with Stop.
        with suppress(RuntimeError):
            faulthandler.dump_traceback_later(self.limit, file=self._file)

    def stop(self) -> None:
        """The test is over; a clock that is set and runs out tells of nothing then."""
        self._deadline = None

    def close(self) -> None:
        """No test follows."""
        if self._file is not None:
            faulthandler.cancel_dump_traceback_later()

    def left(self) -> float | None:
        """Seconds until the test's time is up."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def dump(self) -> str:
        """What was written so far."""
        return "" if self.stack is None else dumped(self.stack)


def dumped(stack: Path) -> str:
    """The beginning of what ``faulthandler`` wrote: the app's process first, then our own."""
    return "\n".join(filter(None, (_beginning(of_app(stack)), _beginning(stack))))


def _beginning(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return lines.read(_DUMP)
    except FileNotFoundError:
        return ""
