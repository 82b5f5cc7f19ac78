"""Opens a program on a terminal of its own, waits until its screen is still, and takes it."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from pathlib import Path

QUIET = 2.0
LIMIT = 60.0
HOME, CLEARING = "\x1b[H", re.compile(r"\x1b\[[KJ]")


class NeverStill(Exception):
    """The screen went on changing, or the program ended without one."""


def screen(
    command: list[str], folder: Path, env: dict[str, str], columns: int, keys: str, busy: str
) -> str:
    """The last frame that ``command`` draws, with its colours, after typing ``keys``.

    A frame begins where the program sends the cursor home. One that contains ``busy`` is not
    the last. The program is ended with ``q``. Needs a pseudo-terminal: not for Windows.
    """
    import pty
    import termios

    outside, inside = pty.openpty()
    termios.tcsetwinsize(outside, (24, columns))
    process = subprocess.Popen(
        command, cwd=folder, env=env | {"TERM": "xterm-256color"}, stdin=inside, stdout=inside,
        stderr=inside, start_new_session=True,
    )  # fmt: skip
    os.close(inside)
    try:
        frame = _still(outside, busy)
        for key in keys:
            os.write(outside, key.encode())
            frame = _still(outside, busy)
        os.write(outside, b"q")
        process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
        os.close(outside)
    return frame


def _still(outside: int, busy: str) -> str:
    """Read until nothing has come for a while and the last frame is not a busy one."""
    seen, deadline = b"", time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        ready, _, _ = select.select([outside], [], [], QUIET)
        if ready:
            try:
                seen += os.read(outside, 65536)
            except OSError:
                break  # the program is gone, and its side of the terminal with it
            continue
        text = seen.decode("utf-8", "replace").replace("\r\n", "\n")
        frame = CLEARING.sub("", text.rpartition(HOME)[2])
        if HOME in text and busy not in frame:
            return frame
    raise NeverStill(f"no frame without {busy!r}; the terminal got: {seen[-2000:]!r}")
