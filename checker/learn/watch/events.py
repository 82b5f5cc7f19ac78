"""What the watch screen hears about, from the files, the keyboard, the checks and the system."""

from __future__ import annotations

from dataclasses import dataclass

from checker.engine.verdict import Verdict


@dataclass(frozen=True)
class Key:
    """A key pressed: one character, or a name such as ``enter`` or ``escape``."""

    name: str


@dataclass(frozen=True)
class Saved:
    """The files differ from what they were; ``fingerprint`` is what they are now."""

    fingerprint: str


@dataclass(frozen=True)
class Finished:
    """One exercise was checked.

    ``fingerprint`` is what the files were when the check began; ``is_stale`` tells that they
    were written to since. ``is_last`` ends the run.
    """

    run: int
    verdict: Verdict
    fingerprint: str
    is_stale: bool
    is_last: bool


@dataclass(frozen=True)
class Stopped:
    """A check was cancelled before its verdict."""

    run: int


@dataclass(frozen=True)
class Failed:
    """A run could not be done, for a reason that is not the learner's."""

    run: int
    error: BaseException


@dataclass(frozen=True)
class Told:
    """Something worth a line at the foot, such as the address of the pages."""

    text: str


@dataclass(frozen=True)
class Resized:
    """The terminal has another size, or was given back to us."""


@dataclass(frozen=True)
class Quit:
    """Leave now, with this exit code."""

    code: int


Event = Key | Saved | Finished | Stopped | Failed | Told | Resized | Quit
