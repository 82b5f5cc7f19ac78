"""Which of the learner's functions ran last? Answers where there is no traceback to read."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any, Self

from checker.harness.failure import Location
from checker.harness.ground import Ground
from checker.harness.messages import Footprints


class Walk:
    """Watches one operation in one thread: ``with Walk(ground) as walk: …``.

    Watches nothing where the ground is not to be followed. Other threads run untouched, and a
    profiler that was there before is back in its place afterwards.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._last: CodeType | None = None
        self._answering: CodeType | None = None
        self._before: Any = None

    def __enter__(self) -> Self:
        if self._ground.followed:
            self._before = sys.getprofile()
            sys.setprofile(self._watch())
        return self

    def __exit__(self, *_: object) -> None:
        if self._ground.followed:
            sys.setprofile(self._before)

    def answered(self) -> None:
        """The answer is there: what runs from here on is clean-up."""
        self._answering = self._last

    @property
    def footprints(self) -> Footprints:
        return Footprints(self._place(self._answering), self._place(self._last))

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
                self._last = code

        return watch

    def _place(self, code: CodeType | None) -> Location | None:
        if code is None:
            return None
        file = self._ground.relative(code.co_filename)
        return Location(file, code.co_firstlineno, code.co_name)
