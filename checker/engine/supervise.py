"""Follows one check from its first frame to its verdict, and ends it when it must end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checker.engine.events import Event, TestFinished, TestsCollected, TestStarted
from checker.engine.job import Job
from checker.engine.link import Link
from checker.engine.verdict import Failure, Outcome, State, TestResult, Verdict
from checker.engine.waits import Runner, Waits
from checker.harness.endings import ending, while_loading
from checker.harness.failure import Location
from checker.harness.ground import Ground
from checker.harness.stacks import learner_line
from checker.harness.stdio import FLOOD
from checker.harness.watch import dumped

# The process itself names what is over: the line that loops, the print without end. It is
# killed from here only when it did not get there; on a busy machine it may need a while for
# the name of the line.
_GRACE = 0.3
_LONGEST = 2.0
_FLOOD = 2 * FLOOD
_START = 120.0
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_LOOK = 0.1
# A limit is of the time that the code has had. Yet by the clock it is no more than so many
# times as long: who is good at seeming to wait gains no more than that.
_BY_THE_CLOCK = 3

# What a test is at: our own process for the app, the app's loading, or the test proper.
Phase = Literal["starting", "building", "testing"]
Frames = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class _Moment:
    """By the clock, and what had been ``waited`` for a processor until then."""

    clock: float
    waited: float


class Supervisor:
    """One check, in as many processes as it takes: a test may end the one that it runs in.

    ``follow`` is called for each process in turn, until the check is ``over``. ``count``
    tests have run by then; ``seconds`` are each one's own, without the first import of the app.

    What a process has waited for a processor, while others had it, is not of its time: its own
    and that of the ``app``, where this is another one.
    """

    def __init__(
        self,
        job: Job,
        stack: Path,
        cancelled: Callable[[], bool],
        on_event: Callable[[Event], None] | None,
        app: Callable[[], Runner | None] | None = None,
        waits: Waits | None = None,
    ) -> None:
        self.job = job
        self.stack = self.own_stack = stack
        self.cancelled = cancelled
        self.on_event = on_event
        self.app = app
        self.waits = waits or Waits()
        self.begin = time.monotonic()
        self.since: _Moment | None = None
        self.over = False
        self.spent = 0.0
        self.names: tuple[str, ...] = ()
        self.results: dict[str, TestResult] = {}
        self.seconds: dict[str, float] = {}
        self.kinds: dict[str, State] = {}
        self.warnings: tuple[str, ...] = ()
        self.problem: Failure | None = None
        self.problem_state: State = "fault"

    @property
    def count(self) -> int:
        return len(self.results)

    def follow(
        self,
        link: Link,
        kill: Callable[[], None],
        stack: Path | None = None,
        place: int | None = None,
        heard: Frames = (),
    ) -> Frames:
        """Take in what one process says, to its last word or its end; ``kill`` ends it.

        It may have said much of it by now, and may have a ``stack`` of its own. With a ``place``
        it is followed no further than that when it begins with the tests after these: returned are
        the frames that have been ``heard`` by who goes on with it.
        """
        self.link, self.kill, self.stack = link, kill, stack or self.own_stack
        self.begin_process()
        for known in heard:
            self.take(known)
        while not self.done:  # what is left of its end then, nobody need wait for
            frame = link.next(_LOOK)
            if frame is not None and frame.get("event") == "ended":
                if not self.cancelled():
                    self.died(frame["code"])
                break
            if frame:
                if frame["event"] == "started" and self.count == place:
                    return {"event": "forked", "process": self.process}, frame
                self.take(frame)
            self.look()
        self.over = self.done or self.problem is not None or not self.goes_on()
        return ()

    def go_back(self, place: int) -> None:
        """Forget all but the first ``place`` tests; of what comes now nobody is told again."""
        self.on_event = None
        for name in list(self.results)[place:]:
            for known in (self.results, self.seconds, self.kinds):
                known.pop(name, None)

    def begin_process(self) -> None:
        """Nothing has been said yet: call it, then ``take`` each frame."""
        self.killed, self.ended_theirs = "", False
        self.running: str | None = None
        self.asked: str | None = None
        self.process: int | None = None
        self.done = self.stopped = False
        self.enter("testing")

    @property
    def out_of_patience(self) -> bool:
        """Whether the tests took too long together, from the first one that met the app."""
        patience, since = self.job.patience, self.since
        return patience is not None and since is not None and self.over_by(since, patience) > 0

    def came_to(self, place: int) -> bool:
        """Whether the first ``place`` tests have run, and those after them are to."""
        return self.done and not self.stopped and self.problem is None and self.count == place

    @property
    def all_passed(self) -> bool:
        """Whether every test has run, and passed."""
        return self.over and self.problem is None and self.state(self.told) == "solved"

    @property
    def told(self) -> tuple[TestResult, ...]:
        """What is known of each test."""
        return tuple(self.results.get(name, TestResult(name, "not_run")) for name in self.names)

    def goes_on(self) -> bool:
        """Whether the tests after the one that ended its process are to run."""
        loads = "does_not_load" not in self.kinds.values() and not self.out_of_patience
        return loads and self.count < len(self.names) and self.spent < self.job.budget

    def take(self, frame: dict[str, Any]) -> None:
        """One frame of the child's."""
        match frame["event"]:
            case "ready":
                self.started = self.now()
            case "forked":
                self.process = frame["process"]
            case "collected":
                if not self.names:
                    self.names = tuple(frame["names"])
                    self.tell(TestsCollected(self.names))
            case "started":
                self.running, self.asked = frame["name"], None
                self.enter("testing")
                self.tell(TestStarted(frame["name"]))
            case "starting" | "building" as phase:
                self.enter(phase)
            case "built":
                self.enter("testing")
            case "asked":
                self.asked = frame["asked"]
            case "finished":
                self.finished(frame)
            case "done":
                self.done, self.stopped = True, frame["stopped"]
                self.started = self.now()
                self.warnings = tuple(frame["warnings"])
                if frame["problem"] is not None:
                    self.problem = _failure(frame["problem"])

    def enter(self, phase: Phase) -> None:
        """A part of a test begins: the app's loading must not eat the time of the test itself."""
        self.phase, self.started = phase, self.now()
        if self.since is None and phase == "building":
            self.since = self.started

    def finished(self, frame: dict[str, Any]) -> None:
        failure = _failure(frame["failure"]) if frame["failure"] else None
        self.seconds[frame["name"]] = frame["seconds"] - frame["loading"]
        self.end_test(
            TestResult(frame["name"], frame["outcome"], frame["seconds"], failure),
            frame["kind"],
        )

    def look(self) -> None:
        """Kill what takes too long or prints too much; once is enough."""
        if self.killed:
            return
        self.waits.update(time.monotonic(), self.runners)
        theirs = self.running is not None and self.phase != "starting"
        limit = self.job.limit if theirs else _START
        if self.out_of_patience and theirs:
            self.end("patience", theirs)
        elif self.link.output.count > _FLOOD:
            self.end("flood", theirs)
        else:
            over = self.over_by(self.started, limit)
            if over > _LONGEST or (over > _GRACE and (self.line() or not theirs)):
                self.end("slow", theirs)

    def runners(self) -> Iterator[Runner]:
        """The processes that a test is waited for."""
        if self.process is not None:
            yield Runner(self.process, self.process)
        app = self.app() if self.app is not None else None
        if app is not None:
            yield app

    def now(self) -> _Moment:
        return _Moment(time.monotonic(), self.waits.total)

    def over_by(self, since: _Moment, limit: float) -> float:
        """By how many seconds a time is over that began then; less than 0 before."""
        now = self.now()
        waited = min(now.waited - since.waited, (_BY_THE_CLOCK - 1) * limit)
        return now.clock - since.clock - waited - limit

    def end(self, why: str, theirs: bool) -> None:
        """End the process: it is ``theirs``, a test's of which the learner's code is a part."""
        self.killed, self.ended_theirs = why, theirs
        self.kill()

    def died(self, code: int | None) -> None:
        """The process ended before its last word: say what became of the test that ran."""
        name = self.running
        if name is None or self.phase == "starting":
            # A test that was ended for its own slowness may have been done by then.
            if not self.ended_theirs:
                self.problem = self.problem or self.no_test(code)
            return
        where, printed = self.where(), self.link.output.tail
        message, outcome = self.cause(code)
        loading = self.phase == "building" and self.killed != "patience"
        if loading:
            failure = while_loading(message, where)
        else:
            failure = Failure(message, self.asked, where=where)
        failure = Failure(
            failure.message,
            failure.asked,
            where=where,
            printed=printed,
            details=self.dump(),
        )
        seconds = time.monotonic() - self.started.clock
        self.spent += seconds
        kind: State = "does_not_load" if loading else "not_yet"
        self.end_test(TestResult(name, outcome, seconds, failure), kind)

    def cause(self, code: int | None) -> tuple[str, Outcome]:
        if self.killed == "slow":
            return (
                f"still not done after {self.job.limit:g} seconds: a loop without end?",
                ("timed_out"),
            )
        if self.killed == "patience":
            return (
                f"the exercise's tests took more than {self.job.patience:g} seconds together",
                "timed_out",
            )
        if self.killed == "flood":
            return f"your code printed more than {FLOOD >> 20} MB", "failed"
        return ending(code), "failed"

    def no_test(self, code: int | None) -> Failure:
        printed = self.link.output.tail
        missing = _MISSING.search(printed)
        if missing or not self.link.ready:
            self.problem_state = "environment"
        if missing:
            why = f"there is no module {missing[1]}"
        elif self.killed == "slow":
            why = f"nothing was heard of it for {_START:g} seconds; is the machine very busy?"
        else:
            why = ending(code)
        return Failure(f"the checker's own process failed: {why}", details=printed)

    def where(self) -> Location | None:
        line = self.line()
        return line if line or self.phase == "building" else self.ground().first_definition()

    def line(self) -> Location | None:
        """Where it hangs, as soon as that is written: the app's process may be later than ours."""
        return learner_line(self.dump(), self.ground())

    def ground(self) -> Ground:
        job = self.job
        return Ground(job.root, job.exercises, job.edit, job.seen)

    def dump(self) -> str:
        return dumped(self.stack)

    def end_test(self, result: TestResult, kind: State | None) -> None:
        self.running, self.started = None, self.now()
        self.results[result.name] = result
        if kind is not None:
            self.kinds[result.name] = kind
        self.tell(TestFinished(result))

    def verdict(self) -> Verdict:
        """What came of it, when it is over; meaningless after a cancellation."""
        seconds = time.monotonic() - self.begin
        tests = self.told
        state = self.state(tests)
        problem = self.problem
        if problem is None and state in {"does_not_load", "environment", "fault"}:
            problem = next(
                (self.results[name].failure for name, kind in self.kinds.items() if kind == state),
                None,
            )
        return Verdict(self.job.exercise, state, tests, seconds, problem, self.warnings)

    def state(self, tests: tuple[TestResult, ...]) -> State:
        """The state that tells the learner most: what they can act on comes first."""
        if self.problem is not None:
            return self.problem_state
        kinds = set(self.kinds.values())
        order: tuple[State, ...] = ("does_not_load", "environment", "not_yet", "fault")
        for state in order:
            if state in kinds:
                return state
        if tests and all(test.outcome == "passed" for test in tests):
            return "solved"
        return "not_yet" if self.out_of_patience else "fault"

    def tell(self, event: Event) -> None:
        if self.on_event is not None and not self.cancelled():
            self.on_event(event)


def _failure(table: dict[str, Any]) -> Failure:
    where = table["where"]
    return Failure(**{**table, "where": None if where is None else Location(**where)})
