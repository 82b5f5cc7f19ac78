"""What an app under test must not do: wait for a keyboard, or serve for ever."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from typing import Any, Self

from checker.harness.ground import Ground


class Forbidden(BaseException):
    """Raised in the learner's code in place of a call that would never come back.

    No ``Exception``, so that a broad ``except`` does not hide it.
    """

    def __init__(self, message: str, advice: str) -> None:
        self.message = message
        self.advice = advice
        super().__init__(message)


class Guard:
    """Has ``input()``, ``app.run()`` and ``os._exit()`` name themselves, as a context."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        import werkzeug.serving

        self._replace(builtins, "input", self._input)
        self._replace(werkzeug.serving, "run_simple", self._run_simple)
        self._replace(os, "_exit", self._exit)
        return self

    def __exit__(self, *_: object) -> None:
        while self._undo:
            self._undo.pop()()

    def _replace(self, owner: Any, name: str, substitute: Callable[..., Any]) -> None:
        original = getattr(owner, name)
        self._undo.append(lambda: setattr(owner, name, original))
        setattr(owner, name, substitute_for(original, substitute))

    def _input(self, original: Callable[..., Any], *args: Any) -> Any:
        # A debugger reads its commands with input() too: only the learner's own call counts.
        if not self._by_the_learner():
            return original(*args)
        raise Forbidden(
            "your code called input()",
            "nobody is there to type: take values from the config",
        )

    def _exit(self, original: Callable[..., Any], code: int) -> Any:
        if not self._by_the_learner():
            return original(code)
        raise Forbidden("your code called os._exit()", "it ends the whole server, not one request")

    def _by_the_learner(self) -> bool:
        # Three frames up: this one, the substitute, and its wrapper.
        return self._ground.owner(sys._getframe(3).f_code.co_filename) == "learner"

    def _run_simple(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raise Forbidden(
            "your code called app.run()",
            'a server never returns: use `flask run`, or put it below if __name__ == "__main__"',
        )


def substitute_for(
    original: Callable[..., Any], substitute: Callable[..., Any]
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return substitute(original, *args, **kwargs)

    return call
