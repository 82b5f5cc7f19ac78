"""What stands behind the fixtures: the learner's app, here or in another process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

from checker.harness.ground import Ground
from checker.harness.host import Host
from checker.harness.messages import Answer, Found, Request
from checker.harness.seeding import Seeds
from checker.harness.shipping import Shipped
from checker.harness.stdio import Tail
from checker.harness.watch import Watch


class Subject(Protocol):
    """The learner's app, as a test reaches it. One per test run, one app per test.

    What an ``untrusted`` one tells is never our fault, nor the machine's.
    """

    untrusted: bool

    def start(self) -> None:
        """Be ready to build; nothing of the learner's is loaded yet."""

    def build(self) -> None:
        """A new app; raises ``LoadError`` where there is none."""

    def request(self, asked: Request) -> Answer:
        """One request, answered."""

    def call(self, function: Shipped, args: list[Any], kwargs: dict[str, Any]) -> Found:
        """Run a shipped function in the app's process and context."""

    def leave(self) -> None:
        """The test is over."""

    def printed(self) -> str:
        """The end of what the learner's code printed in this test, where nobody else has it."""

    def close(self) -> None:
        """No test follows."""


class DirectSubject:
    """The app in the test's own process: for ``pytest``, a debugger, a browser."""

    untrusted = False

    def __init__(self, ground: Ground) -> None:
        self._host = Host(ground)
        self._settled: Any = None

    def start(self) -> None:
        """The test's own process is there already."""

    def build(self) -> None:
        if isinstance(sys.stdout, Tail):
            sys.stdout.start()
        self._settled = self._host.settled()
        self._settled.__enter__()
        self._host.build()

    def request(self, asked: Request) -> Answer:
        return self._host.request(asked)

    def call(self, function: Shipped, args: list[Any], kwargs: dict[str, Any]) -> Found:
        return self._host.call(function, args, kwargs)

    def leave(self) -> None:
        if self._settled is not None:
            self._settled.__exit__(None, None, None)
            self._settled = None

    def printed(self) -> str:
        return sys.stdout.tail if isinstance(sys.stdout, Tail) else ""

    def close(self) -> None:
        self.leave()


def create_subject(
    kind: str,
    ground: Ground,
    watch: Watch,
    seeds: Seeds,
    address: Path | None,
    kept: int | None = None,
) -> Subject:
    """The subject called ``direct`` or ``remote``; one that is at ``address`` is remote."""
    if kind == "remote":
        from checker.harness.remote import RemoteSubject

        return RemoteSubject(ground, watch, seeds, address, kept)
    return DirectSubject(ground)
