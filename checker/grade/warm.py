"""A warm process for many sandboxes: each gets a fork of it, and imports nothing itself.

The sandbox is bubblewrap's all the same: it is made around a process that only waits, and the fork
enters it. Nothing of a learner's ever runs in the warm process, so that no submission can leave
something there for the next one. Takes root's rights: whoever has none imports anew.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import IO

_GRACE = 5.0
# What waits in the sandbox as its first process: it ends with the grader, and all with it.
PLACEHOLDER = ("/bin/sh", "-c", "echo; read -r end")


@dataclass(frozen=True)
class Guest:
    """A fork that is in a sandbox, or on its way: ``line`` is its input and its output."""

    line: RawIOBase
    errors: IO[bytes]


class Warm:
    """A process that has imported ``preload``, with no environment but ``environment``.

    ``library`` is where the sandboxes have the harness.
    """

    def __init__(
        self, preload: Sequence[str], environment: Mapping[str, str], library: Path
    ) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "checker.harness.warm"),
                    *("--socket", str(theirs.fileno()), "--library", str(library)),
                    *(part for name in preload for part in ("--preload", name)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether a fork can be had."""
        return self._process.poll() is None

    def enter(self, process: int, arguments: Sequence[str], files: Sequence[int]) -> Guest:
        """A fork in the namespaces of ``process``, which listens with these ``arguments``.

        ``files`` are the socket to listen at, and a filter of system calls, if there is one.
        ``OSError`` where the warm process has gone.
        """
        ours, theirs = socket.socketpair()
        errors, told = os.pipe()
        order = {"process": process, "arguments": list(arguments)}
        guest = Guest(ours.makefile("rwb", buffering=0), os.fdopen(errors, "rb"))
        ours.close()  # the file keeps it open
        try:
            with theirs:
                sent = [theirs.fileno(), told, *files]
                socket.send_fds(self._orders, [json.dumps(order).encode()], sent)
        except OSError:
            guest.line.close()
            guest.errors.close()
            raise
        finally:
            os.close(told)
        return guest

    def close(self) -> None:
        """End it; those who have entered a sandbox go with that."""
        self._orders.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._process.kill()
        self._process.wait()


def line_of(file: RawIOBase) -> bytes:
    """The next line of an unbuffered file; what there is of it at the end."""
    said = bytearray()
    while not said.endswith(b"\n"):
        part = file.read(1)
        if not part:
            break
        said += part
    return bytes(said)
