"""What happens during a check, as it happens."""

from __future__ import annotations

from dataclasses import dataclass

from checker.engine.verdict import TestResult


@dataclass(frozen=True)
class TestsCollected:
    """The tests that are about to run, in order."""

    __test__ = False

    names: tuple[str, ...]


@dataclass(frozen=True)
class TestStarted:
    """A test begins."""

    __test__ = False

    name: str


@dataclass(frozen=True)
class TestFinished:
    """A test is over."""

    __test__ = False

    result: TestResult


Event = TestsCollected | TestStarted | TestFinished
