"""A process that speaks frames on its first pipes, and keeps the learner's prints off them."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from queue import SimpleQueue
from typing import Any, BinaryIO

from checker.harness.forbidden import Forbidden
from checker.harness.frames import FrameError, read_frame

TAIL = 2_000
FLOOD = 10 * 1024 * 1024
_PASSED_ON = FLOOD // 100


def take_over() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for frames; what is printed goes where stderr goes.

    From here on ``input()`` finds an empty stdin, and a ``print`` cannot break a frame.
    """
    frames_in = os.fdopen(os.dup(0), "rb")
    frames_out = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as we
    sys.stdout = Tail(open(1, "wb", closefd=False))  # noqa: SIM115 - lives as long as we
    sys.stderr = io.TextIOWrapper(
        open(2, "wb", buffering=0, closefd=False),  # noqa: SIM115 - lives as long as we
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
    return frames_in, frames_out


class Tail(io.TextIOWrapper):
    """A ``stdout`` that remembers its end, and puts an end to a flood.

    More than ``FLOOD`` characters between two calls of ``start`` raise :class:`Forbidden`
    in whoever printed the last of them. Of what goes that way only the end is passed on, now
    and then: the reader at the other end of the pipe may have to wait for a busy machine.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, encoding="utf-8", errors="backslashreplace")
        self.start()
        self._flushed = time.monotonic()

    def start(self) -> None:
        """Forget what was printed so far."""
        self.tail = ""
        self._count = 0
        self._held_back = False

    def write(self, text: str) -> int:
        self.tail = (self.tail + text)[-TAIL:]
        self._count += len(text)
        if self._count > FLOOD:
            self._count = 0
            raise Forbidden(
                f"your code printed more than {FLOOD >> 20} MB",
                "look for a print in a loop without end",
            )
        if self._count > _PASSED_ON:
            self._held_back = True
        else:
            super().write(text)
        # Seldom enough to be cheap, often enough that a killed process has told its story.
        now = time.monotonic()
        if now - self._flushed > 0.05:
            self._flushed = now
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self._held_back:
            self._held_back = False
            super().write(self.tail)
        super().flush()


class Inbox:
    """Reads frames in a thread, so that the end of the other side is noticed at once.

    When the pipe closes, nobody is left to work for: ``on_end`` is called in the thread.
    """

    def __init__(self, stream: BinaryIO, on_end: Any = None) -> None:
        self._stream = stream
        self._on_end = on_end or (lambda: os._exit(0))
        self._frames: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=self._read, name="frames", daemon=True).start()

    def get(self) -> Any:
        """The next frame; waits for it."""
        return self._frames.get()

    def _read(self) -> None:
        try:
            while True:
                self._frames.put(read_frame(self._stream))
        except (EOFError, FrameError, OSError):
            self._on_end()
