"""What a process that forks others does to hear of them. POSIX only."""

from __future__ import annotations

import os
import signal


def wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return readable


def be_child(*files: int) -> None:
    """In a child: hear of nobody's end, and close these files, which are the parent's own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for file in files:
        os.close(file)
