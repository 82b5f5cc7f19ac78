"""The watch screen over an engine that reads the file and says what is in it. Run as a program.

A check takes a moment, as a real one does; ``LOOP`` in the file makes it endless.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from checker.engine.errors import Cancelled
from checker.engine.verdict import Failure, Location, TestResult, Verdict
from checker.learn.guard import guarded
from checker.learn.session import Session
from checker.learn.watch.loop import Watch

SECONDS = 0.15


class FakeEngine:
    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.is_running = False

    def check(self, job: Any, on_event: Any = None) -> Verdict:
        self.cancelled.clear()
        self.is_running = True
        text = Path(job.root, job.edit[0]).read_bytes().decode("utf-8", "replace")
        try:
            if self.cancelled.wait(None if "LOOP" in text else SECONDS):
                raise Cancelled
        finally:
            self.is_running = False
        if "CRASH" in text:
            raise RuntimeError("the engine broke")
        if "SOLVED" in text:
            return Verdict(job.exercise, "solved", (TestResult("test_it", "passed"),))
        says = text.strip().splitlines()[-1].strip() if text.strip() else "nothing"
        failure = Failure(f"it says {says}", "GET /it", "more", "less", Location(job.edit[0], 1))
        return Verdict(job.exercise, "not_yet", (TestResult("test_it", "failed", 0, failure),))

    def cancel(self) -> None:
        if self.is_running:
            self.cancelled.set()

    def close(self) -> None:
        self.cancel()


class CrashingWatch(Watch):
    """Stands for a mistake of our own: a certain key ends in an exception."""

    def _on_key(self, key: str) -> None:
        if key == os.environ.get("CRASH_ON_KEY"):
            raise ZeroDivisionError
        super()._on_key(key)


def main() -> None:
    sys.exit(CrashingWatch(Session.open(), FakeEngine, sys.stdout).run())  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(guarded(main))
