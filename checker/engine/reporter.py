"""A pytest session, told frame by frame."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from checker.harness.failure import Failure
from checker.harness.shipping import ship_all
from checker.harness.words import one_line

if TYPE_CHECKING:
    from checker.harness.explain import Explanation

Send = Callable[[dict[str, Any]], None]
Begin = Callable[[], slice]
"""Waits until the tests are to begin, and says which of them are."""


class Reporter:
    """A pytest plugin that turns its reports to frames, from when it was told to ``begin``."""

    def __init__(self) -> None:
        self._held = True
        self._session: pytest.Session | None = None
        self._seconds = 0.0
        self._worst: pytest.TestReport | None = None
        self._building = 0.0
        self._loading: float | None = None
        self.problem: dict[str, Any] | None = None

    def begin(self, send: Send, start: Begin, order: str | None = None) -> None:
        """Tell ``send`` of the tests; ``start``, called when they are known, says which to run.

        With an ``order``, any text, the tests run in an order that depends on it.
        """
        self._held = False
        self._send, self._start, self._order = send, start, order

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
        if not self._held:
            self.collected(session)

    def collected(self, session: pytest.Session) -> None:
        """Say what there is to run, and leave there what is to run now."""
        names = [_name(item.nodeid) for item in session.items]
        if not names and self.problem is None:
            self.fault("there is no such test", "nothing was collected")
        if self._order is not None:
            random.Random(self._order).shuffle(session.items)
        for module in {item.module for item in session.items if isinstance(item, pytest.Function)}:
            ship_all(module)  # while nobody waits yet, where this is done ahead
        session.items[:] = session.items[self._start()]
        self._send({"event": "collected", "names": names})

    def pytest_internalerror(self, excrepr: object, excinfo: Any) -> None:
        self.fault(f"the checker failed: {one_line(str(excinfo.value))}", str(excrepr))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._seconds, self._worst = 0.0, None
        self._send({"event": "started", "name": _name(nodeid)})

    def pytest_course_starting(self) -> None:
        self._send({"event": "starting"})

    def pytest_course_building(self) -> None:
        self._building = time.perf_counter()
        self._send({"event": "building"})

    def pytest_course_built(self) -> None:
        if self._loading is None:
            self._loading = time.perf_counter() - self._building
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
                "loading": self._loading or 0.0,
                **self._outcome(self._worst),
            }
        )

        if self._loading is not None:
            self._loading = 0.0  # the app is imported: who builds it from here on pays for that

    @property
    def stopped(self) -> bool:
        """Whether there was nothing left to run the other tests against."""
        return self._session is not None and bool(self._session.shouldstop)

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
