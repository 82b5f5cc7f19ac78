"""The warm process that forks a child for each job. POSIX only, and one thread only.

The child's frames pass through here: whole ones are handed on, so that a child which is
killed in the middle of one cannot garble what comes after it.

Whoever saves a file is likely to save it again: told to, a child reads the tests of a job ahead,
and waits with them for the learner's next save.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from checker.engine.pages import own_pages
from checker.engine.preload import preload
from checker.harness.children import be_child, wake_on_child
from checker.harness.compiled import SHELF
from checker.harness.frames import read_frame, write_frame
from checker.harness.lines import knock
from checker.harness.stdio import take_over

_length = struct.Struct(">I")
_share = struct.Struct(">II")
_ALL = (1 << 32) - 1
_CHUNK = 1 << 16


def serve() -> NoReturn:
    """Fork for each job until the pipe closes."""
    buffered, frames_out = take_over()
    # Unbuffered: select() must not miss a frame that sits in a buffer.
    frames_in = os.fdopen(os.dup(buffered.fileno()), "rb", buffering=0)
    preload()
    nursery = _Nursery(frames_in, frames_out, wake_on_child())
    write_frame(frames_out, {"event": "ready"})
    while True:
        try:
            frame = nursery.orders.pop(0) if nursery.orders else read_frame(frames_in)
        except EOFError:
            os._exit(0)
        match frame["do"]:
            case "run":
                collect(frame["job"])
                nursery.run(frame)
            case "expect":
                nursery.expect(frame)


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


@dataclass(frozen=True)
class _Child:
    """A forked child: what it says, what ends it when it closes, and what lets it begin."""

    process: int
    events: int
    lifeline: int
    start: int

    def begin(self, skip: int, stop: int | None) -> None:
        with suppress(BrokenPipeError):
            os.write(self.start, _share.pack(skip, _ALL if stop is None else stop))
        os.close(self.start)

    def has_ended(self) -> bool:
        """Whether it is no more, and its number may be somebody else's."""
        try:
            return os.waitpid(self.process, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            return True

    def close(self) -> None:
        os.close(self.events)
        os.close(self.lifeline)


@dataclass(frozen=True)
class _Expected:
    """A child that has read the tests of a job ahead, and what they were like then."""

    order: dict[str, Any]
    tests: object
    child: _Child

    def is_for(self, order: dict[str, Any]) -> bool:
        """Whether nothing has changed since that it has read; the learner's files it has not."""
        same = all(self.order[key] == order[key] for key in ("job", "stack"))
        known = self.tests is not None and self.tests == _tests(order)
        return same and known and not self.child.has_ended()


class _Nursery:
    """The children, one after the other, each from fork to end.

    ``orders`` have come before the end of the one that is tended: with its last word it was judged.
    """

    def __init__(self, frames_in: BinaryIO, frames_out: BinaryIO, wake: int) -> None:
        self.frames_in = frames_in
        self.frames_out = frames_out
        self.wake = wake
        self.kept = _Kept()
        self.expected: _Expected | None = None
        self.orders: list[dict[str, Any]] = []

    def expect(self, order: dict[str, Any]) -> None:
        """Have a child that needs nothing but the word to begin with this job."""
        self.forget()
        self.expected = _Expected(order, _tests(order), self.fork(order))

    def forget(self) -> None:
        """End the child that was got ready in vain."""
        expected, self.expected = self.expected, None
        if expected is not None:
            if not expected.child.has_ended():
                _kill(expected.child.process)
                os.waitpid(expected.child.process, 0)
            os.close(expected.child.start)
            expected.child.close()

    def run(self, order: dict[str, Any]) -> None:
        """One job, until its child has ended."""
        child = self.child_for(order)
        self.pending, self.last = bytearray(), b""
        write_frame(self.frames_out, {"event": "forked", "process": child.process})
        child.begin(order["skip"], order["stop"])
        code = self.tend(child.process, child.events)
        if code:
            self.kept.drop()
        child.close()
        write_frame(self.frames_out, {"event": "ended", "code": code})
        _learn(order["job"], self.last)

    def child_for(self, order: dict[str, Any]) -> _Child:
        """The child that was got ready for this job, or a new one."""
        self.hear_nothing_old()
        if self.expected is not None and self.expected.is_for(order):
            child, self.expected = self.expected.child, None
            return child
        self.forget()
        self.hear_nothing_old()
        kept = self.kept.for_job(order["job"])
        return self.fork({**order, "job": {**order["job"], "kept": kept}})

    def hear_nothing_old(self) -> None:
        """Of an end that was before now; whoever ends from here on is heard of."""
        with suppress(BlockingIOError):
            os.read(self.wake, _CHUNK)

    def fork(self, order: dict[str, Any]) -> _Child:
        events, for_child = os.pipe()
        lifeline, held = os.pipe()
        started, start = os.pipe()
        process = os.fork()
        if process == 0:
            os.setpgid(0, 0)
            be_child(events, held, start, self.wake, self.frames_in.fileno())
            _be(order, for_child, lifeline, started)
        with suppress(OSError):
            os.setpgid(process, process)  # whoever comes first
        for file in (for_child, lifeline, started):
            os.close(file)
        return _Child(process, events, held, start)

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
        else:
            self.orders.append(frame)

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


def collect(job: dict[str, Any]) -> None:
    """Have the job's tests here, where that serves more than one job."""
    from checker.engine import session

    session.collect(job)


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


def _tests(order: dict[str, Any]) -> object:
    """What the course's own files for a job look like from outside; None where one is not there."""
    try:
        files = {Path(order["job"]["test"]), *Path(order["job"]["exercises"]).iterdir()}
        looks = [(file, file.stat()) for file in files]
    except OSError:
        return None
    return {file: (look.st_mtime_ns, look.st_size, look.st_ino) for file, look in looks}


def _be(order: dict[str, Any], events: int, lifeline: int, started: int) -> NoReturn:
    """Run the job in the forked child. Never returns to the zygote's loop."""
    try:
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        out = os.fdopen(events, "wb")

        from checker.engine.session import run

        def begin() -> slice:
            if order["do"] == "expect":
                own_pages(started)
            word = os.read(started, _share.size)
            os.close(started)
            return slice(*_share.unpack(word))

        passed = run(order, lambda event: write_frame(out, event), begin)
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
