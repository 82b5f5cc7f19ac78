"""How a process ended, in words."""

from __future__ import annotations

import signal

from checker.harness.failure import Failure, Location

# What Windows reports for an access violation and for a stack that overflowed.
_WINDOWS = {0xC0000005: signal.SIGSEGV, 0xC00000FD: signal.SIGSEGV}


def while_loading(message: str, where: Location | None) -> Failure:
    """The failure of a process that ended before there was an app to ask."""
    what, colon, guess = message.partition(": ")
    return Failure(f"{what} while the app was loaded{colon}{guess}", where=where)


def ending(code: int | None) -> str:
    """A sentence for a process's exit code; negative codes are signals, as in ``subprocess``."""
    if code is None:
        return "the app's process stopped answering"
    if code >= 0 and code not in _WINDOWS:
        return f"your code ended the app's process (exit code {code})"
    number = _WINDOWS.get(code, -code)
    if number == signal.SIGSEGV:
        return "your code crashed the app's process (segmentation fault in native code)"
    if number == getattr(signal, "SIGKILL", None):
        return "the app's process was killed, most likely because memory ran out"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = str(number)
    return f"the app's process was ended by {name}"
