"""The two ways to a process with the learner's app: start one, or knock at one that waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from checker.harness.frames import write_frame
from checker.harness.ground import Ground
from checker.harness.watch import of_app

_GRACE = 2.0


class Line(Protocol):
    """Frames go ``out`` to the app's process and come ``into`` this one."""

    out: BinaryIO
    into: BinaryIO

    def code(self) -> int | None:
        """The exit code of the process, which has ended or is about to; None: unknown."""

    def leave(self) -> None:
        """Let go of the process: it ends, unless somebody keeps it for who comes next."""

    def close(self) -> None:
        """End the process."""


class Process:
    """A child process that runs ``checker.harness.serve`` on its first two pipes."""

    def __init__(self, ground: Ground, stack: Path | None) -> None:
        # -P keeps the learner's folder from shadowing the modules that we need ourselves.
        command = [sys.executable, "-P", "-m", "checker.harness.serve"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.out = _pipe(self._process.stdin)
        self.into = _pipe(self._process.stdout)
        hello = {
            "root": str(ground.root),
            "exercises": str(ground.exercises),
            "edit": list(ground.edit),
            "stack": str(of_app(stack)) if stack else None,
        }
        write_frame(self.out, hello)

    def code(self) -> int | None:
        try:
            return self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return None

    def leave(self) -> None:
        self.close()

    def close(self) -> None:
        self.out.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.into.close()


def knock(address: Path, edit: Iterable[str], stack: Path | None) -> socket.socket:
    """Have ``checker.harness.listen`` fork a process that serves this caller alone.

    The process is handed two files: one for what the learner's code prints, and one for the
    stack of what takes too long. ``edit`` are all files that an exercise may ask for.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with ExitStack() as opened, ExitStack() as failed:
        failed.callback(line.close)
        # By way of the folder: a socket's own path may have 107 bytes at most.
        folder = os.open(address.parent, os.O_PATH | os.O_DIRECTORY)
        opened.callback(os.close, folder)
        line.connect(f"/proc/self/fd/{folder}/{address.name}")
        told = os.devnull if stack is None else of_app(stack)
        files = [_opened_anew("/proc/self/fd/2"), _opened_anew(told)]
        for file in files:
            opened.callback(os.close, file)
        socket.send_fds(line, [b"!"], files)
        with line.makefile("wb") as out:
            write_frame(cast(BinaryIO, out), {"edit": list(edit)})
        failed.pop_all()
    return line


class Socket:
    """A process that :func:`knock` has reached; one that is ``kept`` may be left as it is."""

    def __init__(self, line: socket.socket, *, kept: bool = False) -> None:
        self._socket = line
        self._kept = kept
        self.out = cast(BinaryIO, line.makefile("wb"))
        self.into = cast(BinaryIO, line.makefile("rb"))

    def code(self) -> int | None:
        # It would have said so.
        return None

    def leave(self) -> None:
        if not self._kept:
            self.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for end in (self.out, self.into, self._socket):
            with suppress(OSError):
                end.close()


def _opened_anew(path: str | Path) -> int:
    """For writing at the end, and not shared: whoever gets it cannot change how we use ours."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _pipe(stream: IO[bytes] | None) -> BinaryIO:
    return cast(BinaryIO, stream)
