"""What a command that makes temporary folders does when it is ended from outside."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Within, whoever closes the terminal or ends us by ``kill`` has us tidy up first.

    Left to itself Python would end at once, and its temporary folders would stay.
    """

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Not what somebody, such as nohup, has us ignore.
    mine = [each for each in (signal.Signals[name] for name in names) if _is_left(each)]
    for each in mine:
        signal.signal(each, leave)
    try:
        yield
    finally:
        for each in mine:
            signal.signal(each, signal.SIG_DFL)


def _is_left(number: signal.Signals) -> bool:
    return signal.getsignal(number) == signal.SIG_DFL
