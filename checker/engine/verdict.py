"""What came of a check, as plain data with a JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

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
class Location:
    """A place in the learner's files. ``file`` is relative to the step, with forward slashes."""

    file: str
    line: int | None = None
    function: str | None = None

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        function = f", in {self.function}" if self.function else ""
        return f"{self.file}{line}{function}"


@dataclass(frozen=True)
class Failure:
    """Why a test did not pass, in the learner's terms. Every text is one short line but ``details``.

    ``message`` is the test's own sentence. ``asked`` is the last request, or the name of
    the function run inside the app. ``expected`` and ``got`` are the two sides of the
    failed comparison where there was one, else ``got`` sums up the last answer.
    ``printed`` is the end of what the learner's code printed. ``details`` is the full
    traceback, for ``--verbose`` only.
    """

    message: str
    asked: str | None = None
    expected: str | None = None
    got: str | None = None
    where: Location | None = None
    printed: str = ""
    details: str = ""


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
