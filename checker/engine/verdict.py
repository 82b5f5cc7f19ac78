"""What came of a check, as plain data with a JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from checker.harness.failure import Failure, Location

__all__ = [
    "EXIT_CODES",
    "Failure",
    "Location",
    "Outcome",
    "State",
    "TestResult",
    "Verdict",
]

State = Literal["solved", "not_yet", "does_not_load", "environment", "fault"]
Outcome = Literal["passed", "failed", "timed_out", "not_run"]

EXIT_CODES: dict[State, int] = {
    "solved": 0,
    "not_yet": 1,
    "does_not_load": 3,
    "environment": 4,
    "fault": 70,
}


@dataclass(frozen=True)
class TestResult:
    """One test. ``name`` is the function's name with its parameters in brackets."""

    __test__ = False  # pytest would collect a class of this name

    name: str
    outcome: Outcome
    seconds: float = 0.0
    failure: Failure | None = None


@dataclass(frozen=True)
class Verdict:
    """One check of one exercise. ``problem`` says why nothing could run at all."""

    exercise: str
    state: State
    tests: tuple[TestResult, ...] = ()
    seconds: float = 0.0
    problem: Failure | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.state]

    @property
    def passed(self) -> int:
        return sum(test.outcome == "passed" for test in self.tests)

    @property
    def first_failure(self) -> Failure | None:
        """The one to show: the problem, else the failure of the first test that did not pass."""
        if self.problem is not None:
            return self.problem
        return next((test.failure for test in self.tests if test.failure), None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
