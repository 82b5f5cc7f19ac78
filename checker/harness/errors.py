"""What the harness raises: four errors, for four different people to read."""

from __future__ import annotations

from typing import Literal

from checker.harness.failure import Failure, Location

Blame = Literal["learner", "course"]


class Raised(Exception):
    """Something raised inside the app's process, as seen from the test.

    ``type`` is the class's name and ``message`` its text. ``where`` is the learner's
    innermost frame. ``blame`` is whose code raised it: the learner's, or the course's own
    ``inside`` function, which then did not find what it looked for.
    """

    def __init__(
        self,
        type: str,  # noqa: A002 - the word a test's author expects
        message: str,
        where: Location | None = None,
        blame: Blame = "learner",
        details: str = "",
    ) -> None:
        self.type = type
        self.message = message
        self.where = where
        self.blame = blame
        self.details = details
        super().__init__(f"{type}: {message}" if message else type)


class LoadError(Exception):
    """The app could not be built, so that no test can run.

    ``environment`` is true where the machine is to blame and not the learner's code.
    """

    def __init__(self, failure: Failure, environment: bool = False) -> None:
        self.failure = failure
        self.environment = environment
        super().__init__(failure.message)


class SubjectDied(Exception):
    """The process with the learner's app ended while it was asked for something."""

    def __init__(self, message: str, where: Location | None = None) -> None:
        self.where = where
        super().__init__(message)


class Unreadable(Exception):
    """What the app holds or sends is no plain data, so that a test cannot look at it."""


class AuthorError(Exception):
    """The test or ``world.py`` is at fault: the course's trouble, never the learner's."""
