"""One pytest run in this very process, reported frame by frame."""

from __future__ import annotations

import importlib
import os
import random
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import source_hash
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.assertion import rewrite

from checker.engine.job import Job
from checker.engine.shadow import shadowing
from checker.harness import plugin
from checker.harness.compiled import SHELF, rewritten
from checker.harness.failure import Failure
from checker.harness.fresh import import_from_source
from checker.harness.ground import Ground
from checker.harness.words import one_line

if TYPE_CHECKING:
    from checker.harness.explain import Explanation

Send = Callable[[dict[str, Any]], None]

# Only what exercises use: every plugin costs time in every check. The two that look for
# exceptions nobody caught run the garbage collector five times at the end.
_WITHOUT = (
    "cacheprovider",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "stepwise",
)
_WITHOUT_TOO = (
    "doctest",
    "unittest",
    "legacypath",
    "setuponly",
    "setupplan",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_CONFIG = Path(__file__).with_name("pytest.ini")


def run(order: dict[str, Any], send: Send, begin: Callable[[], int]) -> bool:
    """Run a job's tests and tell ``send`` about each; the last frame is ``done``.

    Returns whether every test passed.

    ``order`` is a frame with the ``job``, and with the path of its ``stack``, a file in a folder of
    this check's own, for what ``faulthandler`` finds. When the tests are read, and nothing of the
    learner's is yet, ``begin`` is called, which may wait: it tells how many tests to skip, because
    an earlier process has seen to them.
    """
    job, stack = Job.from_json(order["job"]), Path(order["stack"])
    sys.dont_write_bytecode = job.compiled is None
    if job.compiled is not None:
        sys.pycache_prefix = str(job.compiled)
    SHELF.missing.clear()
    _rewrite_once()
    import_from_source(Ground(job.root, job.exercises, job.edit))
    # Where the app is in another process, nothing of the learner's is imported in this one.
    here = job.root if job.subject == "direct" else job.exercises
    os.chdir(here)
    warnings: list[str] = []

    def collected() -> int:
        skip = begin()
        os.chdir(here)  # it may have been moved away, and made anew
        importlib.invalidate_caches()
        warnings.extend(shadowing(job.root))
        return skip

    reporter = Reporter(send, collected, job.seed if job.shuffled else None)
    code = pytest.main(_arguments(job, stack), plugins=[plugin, reporter])
    done = {"event": "done", "warnings": warnings, "problem": reporter.problem}
    send({**done, "compiled": SHELF.missing})
    return code == pytest.ExitCode.OK


def _rewrite_once() -> None:
    """Have pytest's rewritten tests from the shelf, where they are on it."""

    def rewrite_test(fn: Path, config: pytest.Config) -> tuple[bytes, CodeType]:
        source = fn.read_bytes()
        return source_hash(source), rewritten(source, str(fn))

    rewrite._rewrite_test = rewrite_test


def _arguments(job: Job, stack: Path) -> list[str]:
    target = f"{job.test}::{job.select}" if job.select else str(job.test)
    return [
        target,
        f"--config-file={_CONFIG}",
        f"--rootdir={job.exercises}",
        "--noconftest",
        "--import-mode=importlib",
        "--capture=no",
        "--tb=native",
        *(part for name in (*_WITHOUT, *_WITHOUT_TOO) for part in ("-p", f"no:{name}")),
        f"--course-root={job.root}",
        f"--course-exercises={job.exercises}",
        f"--course-limit={job.limit}",
        f"--course-stack={stack}",
        *(f"--course-edit={name}" for name in job.edit),
        f"--subject={job.subject}",
        *_given("address", job.address),
        *_given("seen", job.seen),
        *_given("kept", job.kept),
        *_given("seed", job.seed),
        f"--basetemp={stack.with_name('tmp')}",
    ]


def _given(name: str, value: object) -> list[str]:
    return [] if value is None else [f"--course-{name}={value}"]


class Reporter:
    """A pytest plugin that turns its reports to frames.

    It calls ``collected`` once the tests are known, and skips as many as that says. With an
    ``order``, any text, they run in an order that depends on it.
    """

    def __init__(self, send: Send, collected: Callable[[], int], order: str | None = None) -> None:
        self._send = send
        self._collected = collected
        self._order = order
        self._session: pytest.Session | None = None
        self._seconds = 0.0
        self._worst: pytest.TestReport | None = None
        self.problem: dict[str, Any] | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        # It would print the course's words among the learner's.
        config.pluginmanager.unregister(name="terminalreporter")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.problem is None:
            self.fault("the course's own tests cannot be read", report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        names = [_name(item.nodeid) for item in session.items]
        if not names and self.problem is None:
            self.fault("there is no such test", "nothing was collected")
        if self._order is not None:
            random.Random(self._order).shuffle(session.items)
        del session.items[: self._collected()]
        self._send({"event": "collected", "names": names})

    def pytest_internalerror(self, excrepr: object, excinfo: Any) -> None:
        self.fault(f"the checker failed: {one_line(str(excinfo.value))}", str(excrepr))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._seconds, self._worst = 0.0, None
        self._send({"event": "started", "name": _name(nodeid)})

    def pytest_course_starting(self) -> None:
        self._send({"event": "starting"})

    def pytest_course_building(self) -> None:
        self._send({"event": "building"})

    def pytest_course_built(self) -> None:
        self._send({"event": "built"})

    def pytest_course_asked(self, asked: str) -> None:
        self._send({"event": "asked", "asked": asked})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds += report.duration
        if self._worst is None and not report.passed:
            self._worst = report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        sys.stdout.flush()
        self._send(
            {
                "event": "finished",
                "name": _name(nodeid),
                "seconds": self._seconds,
                **self._outcome(self._worst),
            }
        )

    def _outcome(self, report: pytest.TestReport | None) -> dict[str, Any]:
        if report is None:
            return {"outcome": "passed", "failure": None, "kind": None}
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            failure = Failure(one_line(reason.removeprefix("Skipped: ")) or "skipped")
            return {
                "outcome": "not_run",
                "failure": asdict(failure),
                "kind": "environment",
            }
        explanation: Explanation | None = getattr(report, "explanation", None)
        if explanation is None:
            failure = Failure("the course's own test failed to run", details=report.longreprtext)
            return {"outcome": "failed", "failure": asdict(failure), "kind": "fault"}
        if explanation.final and self._session is not None:
            self._session.shouldstop = "nothing is left to run against"
        failure = explanation.failure
        return {
            "outcome": "failed",
            "failure": asdict(failure),
            "kind": explanation.kind,
        }

    def fault(self, message: str, details: str) -> None:
        self.problem = asdict(Failure(message, details=details))


def _name(nodeid: str) -> str:
    return nodeid.split("::", 1)[-1]
