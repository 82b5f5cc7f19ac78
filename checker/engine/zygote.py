"""The warm process that forks a child for each job. POSIX only, and one thread only.

The child's frames pass through here: whole ones are handed on, so that a child which is
killed in the middle of one cannot garble what comes after it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from checker.engine.preload import preload
from checker.harness.children import be_child, wake_on_child
from checker.harness.compiled import SHELF
from checker.harness.frames import read_frame, write_frame
from checker.harness.lines import knock
from checker.harness.stdio import take_over

_length = struct.Struct(">I")
_CHUNK = 1 << 16


def serve() -> NoReturn:
    """Fork for each job until the pipe closes."""
    buffered, frames_out = take_over()
    # Unbuffered: select() must not miss a frame that sits in a buffer.
    frames_in = os.fdopen(os.dup(buffered.fileno()), "rb", buffering=0)
    preload()
    wake = wake_on_child()
    kept = _Kept()
    write_frame(frames_out, {"event": "ready"})
    while True:
        try:
            frame = read_frame(frames_in)
        except EOFError:
            os._exit(0)
        if frame["do"] == "run":
            last = _Nursery(frames_in, frames_out, wake, kept).run(frame)
            _learn(frame["job"], last)


class _Kept:
    """The line to a remote app's process, which goes on from one job to the next."""

    def __init__(self) -> None:
        self._address: str | None = None
        self._line: socket.socket | None = None

    def for_job(self, job: dict[str, Any]) -> int | None:
        """The line for this job, by its number; None where it is to find one itself."""
        if job["whole"] is None or job["address"] is None:
            return None
        if self._line is not None:
            # An answer to no question: whoever says it is not to be asked again.
            waiting, _, _ = select.select([self._line], [], [], 0)
            if waiting or self._address != job["address"]:
                self.drop()
        if self._line is None:
            self._address = job["address"]
            stack = None if job["stack"] is None else Path(job["stack"])
            try:
                self._line = knock(Path(job["address"]), job["whole"], stack)
            except OSError:
                return None
        return self._line.fileno()

    def drop(self) -> None:
        """End the process, if there is one."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


class _Nursery:
    """One child, from fork to end."""

    def __init__(self, frames_in: BinaryIO, frames_out: BinaryIO, wake: int, kept: _Kept) -> None:
        self.frames_in = frames_in
        self.frames_out = frames_out
        self.wake = wake
        self.kept = kept
        self.pending = bytearray()
        self.last = b""

    def run(self, frame: dict[str, Any]) -> bytes:
        """Until it has ended; its last frame."""
        frame["job"]["kept"] = self.kept.for_job(frame["job"])
        events, for_child = os.pipe()
        lifeline, held = os.pipe()
        with suppress(BlockingIOError):
            os.read(self.wake, _CHUNK)
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            _child(
                frame,
                for_child,
                lifeline,
                (events, held, self.wake, self.frames_in.fileno()),
            )
        with suppress(OSError):
            os.setpgid(pid, pid)  # whoever comes first
        os.close(for_child)
        os.close(lifeline)
        write_frame(self.frames_out, {"event": "forked", "process": pid})
        code = self.tend(pid, events)
        if code:
            self.kept.drop()
        os.close(events)
        os.close(held)
        write_frame(self.frames_out, {"event": "ended", "code": code})
        return self.last

    def tend(self, pid: int, events: int) -> int:
        """Hand on the child's frames until it ends; its exit code."""
        watched = [self.frames_in.fileno(), self.wake, events]
        while True:
            ready, _, _ = select.select(watched, [], [])
            if events in ready and not self.relay(events):
                watched.remove(events)
            if self.frames_in.fileno() in ready:
                self.obey(pid)
            if self.wake in ready:
                # Also what the child has started; and before waitpid() sets its number free.
                _kill(pid)
                _, status = os.waitpid(pid, 0)
                os.set_blocking(events, False)
                with suppress(BlockingIOError):
                    while self.relay(events):
                        pass
                return os.waitstatus_to_exitcode(status)

    def obey(self, pid: int) -> None:
        try:
            frame = read_frame(self.frames_in)
        except EOFError:
            _kill(pid)
            os._exit(0)
        if frame["do"] == "kill":
            _kill(pid)

    def relay(self, events: int) -> bool:
        """Hand on the whole frames that are there; False at the end."""
        data = os.read(events, _CHUNK)
        self.pending += data
        while len(self.pending) >= _length.size:
            end = _length.size + _length.unpack_from(self.pending)[0]
            if len(self.pending) < end:
                break
            self.frames_out.write(self.pending[:end])
            self.last = bytes(self.pending[_length.size : end])
            del self.pending[:end]
        self.frames_out.flush()
        return bool(data)


def _learn(job: dict[str, Any], last: bytes) -> None:
    """Compile what the child had to, for the next one: nobody waits for it now."""
    folders = [Path(job[name]).resolve() for name in ("root", "exercises")]
    try:
        for kind, name in json.loads(last)["compiled"]:
            file = Path(name).resolve()
            if any(file.is_relative_to(folder) for folder in folders):
                SHELF.add(kind, file)
    except (KeyError, TypeError, ValueError, OSError):
        return  # it did not come to its end, or the learner's code has said so


def _child(frame: dict[str, Any], events: int, lifeline: int, close: tuple[int, ...]) -> NoReturn:
    """Run the job in the forked child. Never returns to the zygote's loop."""
    try:
        be_child(*close)
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        out = os.fdopen(events, "wb")

        from checker.engine.session import run

        passed = run(frame, lambda event: write_frame(out, event))
    except BaseException:  # noqa: BLE001 - a child must never fall into its parent's loop
        sys.excepthook(*sys.exc_info())
        os._exit(70)
    os._exit(0 if passed else 1)


def _end_with(lifeline: int) -> None:
    """End the child when the zygote has gone, however it went."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
