"""The warm process: ``python -P -m checker.engine.runner fork`` or ``… spare``.

Speaks frames on its first two pipes; what the learner's code prints goes to the third.
"""

from __future__ import annotations

import os
import signal
import sys

from checker.engine.preload import preload
from checker.harness.frames import write_frame
from checker.harness.stdio import Inbox, take_over


def spare() -> None:
    """Wait for one job, run it, end."""
    frames_in, frames_out = take_over()
    preload()
    inbox = Inbox(frames_in, on_end=end)
    write_frame(frames_out, {"event": "ready"})
    frame = inbox.get()

    from checker.engine.session import run

    share = slice(frame["skip"], frame["stop"])
    run(frame, lambda event: write_frame(frames_out, event), lambda: share)
    # No wait for threads that the learner's code may have left running.
    os._exit(0)


def end() -> None:
    """Nobody waits for this process any more: end it, and what it started."""
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Be the kind of warm process that the first argument names."""
    sys.dont_write_bytecode = True
    if sys.argv[1:] == ["fork"]:
        from checker.engine.zygote import serve

        serve()
    elif sys.argv[1:] == ["spare"]:
        spare()
    else:
        raise SystemExit("usage: python -P -m checker.engine.runner fork|spare")


if __name__ == "__main__":
    main()
