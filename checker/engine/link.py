"""The checker's side of a warm process: frames in and out, its output drained and counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, cast

from checker.engine.errors import EngineError
from checker.harness.frames import FrameError, read_frame, write_frame

# What a check may know of the machine: nothing but how to find things on it.
KEPT = (
    *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"),
    *("USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
)
SET = {
    # macOS would look for proxies in its settings, which ends a forked process: see the warning in
    # the documentation of urllib.request. No test goes by way of one.
    "NO_PROXY": "*",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONBREAKPOINT": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
}
_LOOK = 0.1
_GRACE = 0.5
# A warm process that has not ended its child by then does not listen.
_DEAF = 5.0
_CHUNK = 1 << 16
_TAIL = 2_000


class Link:
    """A process of ``checker.engine.runner``, warm or on its way.

    ``next`` yields its frames in order; the last one is always ``ended``, which the link
    itself adds when the process goes without saying so. ``ready`` tells whether the process
    ever said that it is warm, ``running`` whether a check was begun there whose end nobody has
    heard of: a verdict need not wait for that. Its environment holds what is in ``more``, too.
    """

    def __init__(self, kind: str, more: dict[str, str] | None = None) -> None:
        environment = (
            {name: os.environ[name] for name in KEPT if name in os.environ} | SET | (more or {})
        )
        # -P keeps the learner's folder from shadowing the modules that we need ourselves.
        command = [sys.executable, "-P", "-m", "checker.engine.runner", kind]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                **_own_group(),
            )
        except OSError as error:
            raise EngineError(f"{sys.executable} cannot be started: {error}") from error
        self._frames: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.output = Meter()
        self.ready = False
        self.running = False
        self._in = cast(BinaryIO, self._process.stdin)
        self._threads = [
            threading.Thread(target=self._read_frames, daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, order: dict[str, Any]) -> None:
        """Begin a check; the one before it has been heard out."""
        self.output.reset()
        self.running = True
        self.send({**order, "do": "run"})

    def send(self, frame: dict[str, Any]) -> None:
        """Say something. A process that has gone says so itself, with ``ended``."""
        with suppress(OSError):
            write_frame(self._in, frame)

    def hear_out(self) -> None:
        """Wait until the check that runs there has ended: with its last word, it is about to."""
        since, is_told = time.monotonic(), False
        while self.running:
            self.next(_LOOK)
            waited = time.monotonic() - since
            if waited > _DEAF:
                self.kill()
            elif waited > _GRACE and not is_told:
                self.send({"do": "kill"})
                is_told = True

    def next(self, timeout: float) -> dict[str, Any] | None:
        """The next frame, or None when none came in time."""
        try:
            frame = self._frames.get(timeout=max(timeout, 0.0))
        except Empty:
            if self.alive or self._threads[0].is_alive():
                return None
            frame = self._ended()
        self.running = self.running and frame.get("event") != "ended"
        return frame

    def wake(self) -> None:
        """Have a ``next`` in another thread return now, with an empty frame."""
        self._frames.put({})

    def kill(self) -> None:
        """End the process and all that it started."""
        if sys.platform == "win32":
            tree = ["taskkill", "/F", "/T", "/PID", str(self.pid)]
            subprocess.run(tree, check=False, capture_output=True)
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()

    def close(self) -> None:
        """Let the process go: its pipe closes, it ends; it is killed where it does not."""
        with suppress(OSError):
            self._in.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(1.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None and not any(thread.is_alive() for thread in self._threads):
                stream.close()

    def _read_frames(self) -> None:
        stream = cast(BinaryIO, self._process.stdout)
        with suppress(EOFError, FrameError, OSError, ValueError):
            while True:
                frame = read_frame(stream)
                self.ready = self.ready or frame.get("event") == "ready"
                self._frames.put(frame)
        self._frames.put(self._ended())

    def _ended(self) -> dict[str, Any]:
        try:
            code: int | None = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            code = None
        return {"event": "ended", "code": code, "gone": True}

    def _drain(self) -> None:
        number = cast(BinaryIO, self._process.stderr).fileno()
        with suppress(OSError):
            while chunk := os.read(number, _CHUNK):
                self.output.add(chunk)


def _own_group() -> dict[str, Any]:
    """Apart from the terminal's Ctrl-C, and easy to end with all its children."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class Meter:
    """How much was printed since ``reset``, and the end of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.count = 0
        self._tail = b""

    def add(self, data: bytes) -> None:
        with self._lock:
            self.count += len(data)
            self._tail = (self._tail + data)[-_TAIL:]

    @property
    def tail(self) -> str:
        return self._tail.decode("utf-8", "replace")
