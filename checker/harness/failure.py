"""What went wrong, in the learner's terms: the words, and the place in their files."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Why a test did not pass, in the learner's terms. Every text but ``details`` is one line.

    ``message`` is the test's own sentence, or what the learner's code raised. ``asked`` is
    the last request, or the name of the function run inside the app. ``expected`` and
    ``got`` are the two sides of the failed comparison where there was one, else ``got``
    sums up the last answer. ``printed`` is the end of what the learner's code printed.
    ``details`` is the full traceback, for ``--verbose`` only.
    """

    message: str
    asked: str | None = None
    expected: str | None = None
    got: str | None = None
    where: Location | None = None
    printed: str = ""
    details: str = ""
