"""The thread that owns the engine and runs checks, one after the other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from checker.course import Exercise
from checker.engine.engine import Engine
from checker.engine.errors import Cancelled
from checker.learn.session import Session
from checker.learn.watch.events import Event, Failed, Finished, Stopped
from checker.learn.watch.files import Ground

CLOSE_SECONDS = 0.05


@dataclass(frozen=True)
class Run:
    """One or more exercises to check, in order."""

    number: int
    exercises: tuple[Exercise, ...]


class Worker(threading.Thread):
    """Runs what it is given and puts what comes of it into ``events``."""

    def __init__(
        self, session: Session, create_engine: Callable[[], Engine], events: SimpleQueue[Event]
    ) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.create_engine = create_engine
        self.events = events
        self.runs: SimpleQueue[Run | None] = SimpleQueue()
        self.engine: Engine | None = None
        self.cancelled = 0

    def submit(self, run: Run) -> None:
        self.runs.put(run)

    def cancel(self, run: int) -> None:
        """End a run; to be called again until it says :class:`Stopped`, or finished after all.

        A check that is just about to start does not notice the first call.
        """
        self.cancelled = run
        if self.engine is not None:
            self.engine.cancel()

    def close(self) -> None:
        """End the thread and the engine; waits a moment for them, no longer."""
        self.runs.put(None)
        self.join(CLOSE_SECONDS)
        if self.engine is not None:
            # An engine that is still warming up takes its time; it ends by itself when we are gone
            closing = threading.Thread(target=self.engine.close, daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)

    def run(self) -> None:
        while (run := self.runs.get()) is not None:
            try:
                self._check(run)
            except Exception as error:  # noqa: BLE001 - shown on the screen, by its kind
                self._discard_engine()
                self.events.put(Failed(run.number, error))

    def _check(self, run: Run) -> None:
        if self.engine is None:
            self.engine = self.create_engine()
        for exercise in run.exercises:
            if self.cancelled == run.number:
                break
            ground = Ground(self.session.workspace, exercise)
            stamps, fingerprint = ground.stamps(), ground.fingerprint()
            try:
                verdict = self.session.check(exercise, self.engine)
            except Cancelled:
                break
            is_stale = ground.fingerprint() != fingerprint or ground.stamps() != stamps
            is_last = exercise is run.exercises[-1]
            self.events.put(Finished(run.number, verdict, fingerprint, is_stale, is_last))
            if is_last:
                return
        self.events.put(Stopped(run.number))

    def _discard_engine(self) -> None:
        """Whatever state the engine is in, the next run gets a new one."""
        engine, self.engine = self.engine, None
        if engine is not None:
            with contextlib.suppress(Exception):
                engine.close()
