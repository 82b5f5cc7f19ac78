"""Which of the learner's functions ran last? Answers where there is no traceback to read."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from types import FrameType
from typing import Any, Self

from checker.harness.failure import Location
from checker.harness.ground import Ground
from checker.harness.messages import Footprints

_walk: ContextVar[Walk | None] = ContextVar("course_walk", default=None)

MARKED: set[str] = set()
"""The files that this process has compiled with marks, by :meth:`Ground.key`."""

UNMARKED: set[str] = set()
"""The files to edit that came in by another door: they have run without marks."""

_watched: list[Ground] = []


def watch_doors(ground: Ground) -> None:
    """From here on know of each file to edit that runs without marks.

    Python tells before it runs any module, whoever has read and compiled it.
    """
    if not _watched:
        sys.addaudithook(_at_door)  # which stays for as long as the process does
    _watched[:] = [ground]


def forget() -> None:
    """What has been imported is to be imported again."""
    MARKED.clear()
    UNMARKED.clear()


def _at_door(event: str, arguments: tuple[Any, ...]) -> None:
    # Called for all kinds of things: nothing here may be slow.
    if event != "exec":
        return
    filename = arguments[0].co_filename
    if filename.startswith("<") or not _watched[0].marked(filename):
        return
    key = Ground.key(filename)
    if key not in MARKED:
        UNMARKED.add(key)
        walk = _walk.get()
        if walk is not None:
            walk.look()


class Walk:
    """Watches one operation in one thread: ``with Walk(ground) as walk: …``.

    Watches nothing where no file to edit is known; other threads run untouched. Files that
    were compiled with marks (:mod:`checker.harness.marks`) speak for themselves. Where one
    came in by another door, or nobody watches the doors, a profiler does, and one that was
    there before is back in its place afterwards.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._last: Location | None = None
        self._answering: Location | None = None

    def __enter__(self) -> Self:
        self._token = _walk.set(self)
        self._profiles = False
        wanted = UNMARKED if _watched else self._ground.modules
        if self._ground.modules & wanted - MARKED:
            self.look()
        return self

    def __exit__(self, *_: object) -> None:
        if self._profiles:
            sys.setprofile(self._before)
        _walk.reset(self._token)

    def look(self) -> None:
        """From here on look at every call: slow, and only where nothing else will do."""
        if not self._profiles:
            self._profiles = True
            self._before = sys.getprofile()
            sys.setprofile(self._watch())

    def answered(self) -> None:
        """The answer is there: what runs from here on is clean-up."""
        self._answering = self._last

    def left(self, file: str, line: int, function: str) -> None:
        """A function that begins at ``line`` of the learner's ``file`` has been left."""
        if file in self._ground.edit:
            self._last = Location(file, line, function)

    @property
    def footprints(self) -> Footprints:
        return Footprints(self._answering, self._last)

    def _watch(self) -> Any:
        wanted: dict[str, bool] = {}

        def watch(frame: FrameType, event: str, argument: Any) -> None:
            # Called for every call and return of a request: nothing here may be slow.
            if event != "return":
                return
            code = frame.f_code
            known = wanted.get(code.co_filename)
            if known is None:
                known = wanted[code.co_filename] = self._ground.edited(code.co_filename)
            if known and (not code.co_name.startswith("<") or code.co_name == "<lambda>"):
                file = self._ground.relative(code.co_filename)
                self.left(file, code.co_firstlineno, code.co_name)

        return watch


def note(file: str, function: str, line: int, value: Any = None) -> Any:
    """A marked function of the learner's ``file`` has been left: for the walk of this thread."""
    walk = _walk.get()
    if walk is not None:
        walk.left(file, line, function)
    return value
