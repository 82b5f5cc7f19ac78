"""The checker's watch screen as a learner sees it: a real process on a pseudo-terminal."""

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE = 60.0
TERMINAL = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}


class WatchScreen:
    """``checker`` in a course's folder; the first verdict is shown when the context begins."""

    def __init__(self, root: Path) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "checker"],
            cwd=root,
            env={**os.environ, **TERMINAL},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.output = ""

    def __enter__(self) -> Self:
        self._wait(shows_verdict)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self.master, b"q")
        with contextlib.suppress(OSError):  # what Linux says when the other end is closed
            while os.read(self.master, 65536):
                pass
        os.close(self.master)
        self.process.wait()

    def save(self, file: Path, content: str) -> tuple[float, float]:
        """Save, as an editor would; seconds until it says "checking", and until the verdict."""
        self.output = ""
        began = time.perf_counter()
        file.write_text(content, encoding="utf-8")
        self._wait(lambda output: "checking" in output)
        noticed = time.perf_counter() - began
        self._wait(shows_verdict)
        return noticed, time.perf_counter() - began

    def _wait(self, is_shown: Callable[[str], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not is_shown(self.output):
            if not select.select([self.master], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError(f"the watch screen never showed it:\n{self.output}")
            try:
                self.output += os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:  # what Linux says when the other end is closed
                code = self.process.wait()
                raise EOFError(f"the watch screen ended with {code}:\n{self.output}") from None


def shows_verdict(output: str) -> bool:
    """Whether the last frame is whole, down to its keys, and nothing is being checked."""
    frame = output.rpartition("\x1b[H")[2]
    return "[q]" in frame and "checking" not in frame
