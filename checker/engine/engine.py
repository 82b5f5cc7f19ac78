"""The two engines: one warm process that forks, or a spare one that waits."""

from __future__ import annotations

import os
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from checker.engine.errors import Cancelled, EngineError
from checker.engine.events import Event
from checker.engine.fingerprint import fingerprint
from checker.engine.halves import Halves, apart, processors
from checker.engine.job import Job
from checker.engine.link import Link
from checker.engine.supervise import Frames, Supervisor
from checker.engine.verdict import Failure, Verdict
from checker.engine.waits import Runner

OnEvent = Callable[[Event], None]


class Engine(Protocol):
    """Runs checks, one at a time. ``cancel`` may come from another thread."""

    def check(self, job: Job, on_event: OnEvent | None = None) -> Verdict:
        """Run the job's tests; blocks until the verdict, or raises ``Cancelled``."""

    def cancel(self) -> None:
        """End the running check at once; none is running: nothing happens."""

    def close(self) -> None:
        """End every process; the engine is of no more use."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _WarmEngine:
    """What both engines share: one check at a time, cancelled from anywhere."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._state = threading.Lock()
        self._link: Link | None = None
        self._cancelled = False
        self._closed = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def check(
        self,
        job: Job,
        on_event: OnEvent | None = None,
        app: Callable[[], Runner | None] | None = None,
    ) -> Verdict:
        """As every engine does; ``app`` tells where a remote app runs now, if not below us."""
        with self._one:
            folder, self._folder = self._folder, None
            if folder is not None and not Path(folder.name).is_dir():
                folder.cleanup()  # somebody has swept it away: it is to know
                folder = None
            try:
                folder = folder or _new_folder()
            except OSError as error:
                problem = Failure(f"no temporary folder can be made: {error}")
                return Verdict(job.exercise, "environment", problem=problem)
            with folder:
                stack = _stack(job, folder)
                return self._check(
                    job, stack, Supervisor(job, stack, lambda: self._cancelled, on_event, app)
                )

    def _check(self, job: Job, stack: Path, supervisor: Supervisor) -> Verdict:
        with self._state:
            if self._closed:
                raise Cancelled
            self._cancelled = False
        try:
            while not supervisor.over:
                self._go_on(supervisor, {"job": job.to_json(), "stack": str(stack)})
        finally:
            with self._state:
                self._link = None
        return supervisor.verdict()

    def _go_on(
        self, supervisor: Supervisor, order: dict[str, Any], place: int | None = None
    ) -> Frames:
        """Run the tests that did not run yet, until the process ends, or is at a ``place``."""
        with self._state:
            if self._cancelled:
                raise Cancelled
            link = self._link = self._warm()
        link.run({"stop": None, **order, "skip": supervisor.count})
        try:
            beyond = supervisor.follow(link, lambda: self._kill(link), place=place)
        finally:
            self._after(link)
        if self._cancelled:
            raise Cancelled
        return beyond

    def cancel(self) -> None:
        with self._state:
            if self._link is not None:
                self._cancelled = True
                self._kill(self._link)

    def close(self) -> None:
        with self._state:
            self._closed = True
        self.cancel()
        with self._one:
            self._let_go()
            if self._folder is not None:
                self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _warm(self) -> Link:
        """A process to run the next check in."""

    @abstractmethod
    def _kill(self, link: Link) -> None:
        """End the check that runs there."""

    @abstractmethod
    def _after(self, link: Link) -> None:
        """The process has done what there was to do."""

    @abstractmethod
    def _let_go(self) -> None:
        """End what still waits."""


class ForkEngine(_WarmEngine):
    """One warm process, forked for each check; its environment holds ``environment``, too.

    One that works ``ahead`` gets the next check ready while nobody waits: most are of the same
    exercise again; and it tells a verdict while the check's process still ends. With ``halves`` a
    second process then runs a share of the tests.
    """

    def __init__(
        self,
        environment: dict[str, str] | None = None,
        ahead: bool = False,
        halves: Halves | None = None,
    ) -> None:
        super().__init__()
        self._environment = environment
        self._ahead = ahead
        self._halves = halves
        self._place: int | None = None
        self._made_of = fingerprint()
        self._zygote = Link("fork", environment)

    def _check(self, job: Job, stack: Path, supervisor: Supervisor) -> Verdict:
        if self._halves is not None and self._halves.is_ready(job):
            self._place = self._halves.place(job)
        verdict = super()._check(job, stack, supervisor)
        if not self._ahead:
            self._zygote.hear_out()  # nothing is left of it, and nobody waits at a screen
        if self._halves is not None:
            solved = verdict.state == "solved"
            self._halves.learn(job, supervisor.names, supervisor.seconds, solved)
        if self._ahead and job.address is None:
            with suppress(OSError):  # then the next one is not got ready, and finds out why
                self._folder = _new_folder()
                stack = _stack(job, self._folder)
                order = {"do": "expect", "job": job.to_json(), "stack": str(stack)}
                self._zygote.send(order)
                if self._halves is not None:
                    self._halves.expect(job, order)
        return verdict

    def _go_on(
        self, supervisor: Supervisor, order: dict[str, Any], place: int | None = None
    ) -> Frames:
        halves, place, self._place = self._halves, self._place, None
        if place is not None:
            with self._state:
                self._warm()  # new packages, and the second process ends as well
        if place is None or halves is None or not halves.is_ready(supervisor.job):
            return super()._go_on(supervisor, order)
        # What the learner's code keeps from one test to a later one may be cut off by the place:
        # nothing is solved for the first time before one process has run all of it. The first one
        # goes on with that while the second one is heard, and is ended where it need not.
        stop = place if halves.was_solved(supervisor.job) else None
        first, second = self._zygote, halves.begin(order, place)
        try:
            beyond = super()._go_on(supervisor, {**order, "stop": stop}, place)
            if beyond or supervisor.came_to(place):
                self._go_on_with(second, supervisor, apart(Path(order["stack"])))
            if beyond and supervisor.all_passed:
                supervisor.go_back(place)
                self._go_on_with(first, supervisor, heard=beyond)
        finally:
            _end(first)
            _end(second)
        return ()

    def _go_on_with(
        self, link: Link, supervisor: Supervisor, stack: Path | None = None, heard: Frames = ()
    ) -> None:
        """Hear what a process has said by now, and what it still says."""
        with self._state:
            if self._cancelled:
                raise Cancelled
            self._link = link
        supervisor.follow(link, lambda: self._kill(link), stack, heard=heard)
        if self._cancelled:
            raise Cancelled

    def _warm(self) -> Link:
        self._zygote.hear_out()
        now = fingerprint()
        if now != self._made_of or not self._zygote.alive:
            self._zygote.close()
            if self._halves is not None:
                self._halves.close()
            self._made_of, self._zygote = now, Link("fork", self._environment)
        return self._zygote

    def _kill(self, link: Link) -> None:
        link.send({"do": "kill"})

    def _after(self, link: Link) -> None:
        """The zygote waits for the next job by itself."""

    def _let_go(self) -> None:
        self._zygote.close()
        if self._halves is not None:
            self._halves.close()


class SpareEngine(_WarmEngine):
    """A process for each check; the next one warms up while this one runs."""

    def __init__(self) -> None:
        super().__init__()
        self._made_of = fingerprint()
        self._spare = Link("spare")

    def _warm(self) -> Link:
        now = fingerprint()
        link = self._spare
        if now != self._made_of or not link.alive:
            link.close()
            link = Link("spare")
        self._made_of = now
        return link

    def _kill(self, link: Link) -> None:
        link.kill()

    def _after(self, link: Link) -> None:
        link.kill()
        self._spare = Link("spare")
        link.close()

    def _let_go(self) -> None:
        self._spare.close()


def _end(link: Link) -> None:
    """End the check that runs there, if one does."""
    if link.running:
        link.send({"do": "kill"})


def _new_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)


def _stack(job: Job, folder: tempfile.TemporaryDirectory[str]) -> Path:
    return job.stack or Path(folder.name) / "stack.txt"


def create_engine(kind: Literal["fork", "spare"] | None = None, ahead: bool = False) -> Engine:
    """An engine of this kind; by default the one that this machine can do.

    It is to work ``ahead`` where the same check is likely to come again, as in watch mode: what
    there is of the next one that needs nothing of the learner's is then done before they save, and
    where there are two processors long ones are run by both.
    """
    if kind is None:
        kind = "fork" if hasattr(os, "fork") else "spare"
    if kind == "fork" and not hasattr(os, "fork"):
        raise EngineError("this system cannot fork: use the spare engine")
    if kind != "fork":
        return SpareEngine()
    halves = Halves(None) if ahead and processors() > 1 else None
    return ForkEngine(ahead=ahead, halves=halves)
