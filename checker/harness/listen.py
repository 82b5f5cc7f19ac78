"""Warm processes for one submission: ``python -P -m checker.harness.listen …``, in a sandbox.

Has imported what apps need and nothing of the learner's; forks a process for each caller at its
socket, and ends that process and all it started when the caller or the process itself has
gone. Its standard input is a lifeline: when that ends, so does everything.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import os
import resource
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from checker.harness.children import be_child, wake_on_child
from checker.harness.frames import write_frame
from checker.harness.garbage import settle

_MIB = 1024 * 1024
_READY = b"ready\n"
_PATIENCE = 5.0
_SUBREAPER = 36


def main(arguments: list[str]) -> NoReturn:
    sys.dont_write_bytecode = True
    options = options_of(arguments)
    if not options.alone:
        # What a dead process of the learner's leaves behind becomes ours to end.
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    preload(options.preload)
    Listener(options).run()


def preload(names: Iterable[str]) -> None:
    """Import what apps need, and leave nothing of it to the garbage collector."""
    gc.disable()  # what is imported stays: there is nothing to collect
    ours = ("serve", "routing", "templates")
    for name in (*names, *(f"checker.harness.{name}" for name in ours)):
        with suppress(ImportError):
            importlib.import_module(name)
    settle()
    gc.enable()


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--socket", type=int, help="listens already")
    way.add_argument("--door", type=Path, help="a socket to knock at: callers come that way")
    parser.add_argument("--handed-in", type=Path, required=True, help="never written to")
    parser.add_argument(
        "--root",
        type=Path,
        required=True,
        help="where each app has its copy, in a folder of its own",
    )
    parser.add_argument("--exercises", type=Path, required=True, help="with world.py")
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--wipe", type=Path, action="append", default=[], help="before each app")
    parser.add_argument("--keep", type=Path, action="append", default=[], help="when wiping")
    parser.add_argument("--alone", action="store_true", help="no process here but ours")
    parser.add_argument("--uid", type=int, help="whom the apps run as")
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    parser.add_argument("--memory", type=int, required=True, help="MiB for one process")
    parser.add_argument("--file", type=int, required=True, help="MiB for one file")
    parser.add_argument("--processes", type=int)
    return parser.parse_args(arguments)


class Listener:
    """One caller at a time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.socket = None if options.door else socket.socket(fileno=options.socket)
        self.wake = wake_on_child()

    def run(self) -> NoReturn:
        os.write(1, _READY)
        if not os.read(0, 1):  # the grader has put us where we cannot take too much
            os._exit(0)
        while True:
            with self.next_caller() as caller:
                self.tend(caller)

    def next_caller(self) -> socket.socket:
        """Somebody who has something to say."""
        come = self.socket or socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if self.socket is None:
            come.connect(str(self.options.door))
        waiting = select.poll()
        waiting.register(come, select.POLLIN)
        waiting.register(0, select.POLLIN | select.POLLHUP)
        while any(number == 0 for number, _ in waiting.poll()):
            self.look_at_lifeline()  # first: it may tell of the caller before this one
        return come if self.socket is None else self.socket.accept()[0]

    def look_at_lifeline(self) -> None:
        """End when the grader has gone. A byte says no more than that a caller has."""
        if not os.read(0, 1):
            self.end()

    def tend(self, caller: socket.socket) -> None:
        """Have a child serve ``caller`` until one of the two has gone."""
        with suppress(BlockingIOError):
            os.read(self.wake, 1 << 16)
        pid = os.fork()
        if pid == 0:
            ours = [] if self.socket is None else [self.socket.fileno()]
            _child(caller, self.options, (self.wake, *ours))
        waiting = select.poll()
        waiting.register(caller, 0)  # a hang-up is always told
        waiting.register(self.wake, select.POLLIN)
        waiting.register(0, select.POLLIN | select.POLLHUP)
        code = None
        while code is None:
            told = {number for number, _ in waiting.poll()}
            if 0 in told:
                self.look_at_lifeline()
                break
            if self.wake in told:
                with suppress(BlockingIOError):
                    os.read(self.wake, 1 << 16)
                code = self.reap(pid)
            if caller.fileno() in told:
                break
        self.kill_all(pid)
        if code is not None:
            # Learner's code may have filled the socket: nobody waits for that.
            caller.setblocking(False)
            with suppress(OSError), caller.makefile("wb", buffering=0) as out:
                write_frame(out, {"ended": code})  # type: ignore[arg-type]

    def reap(self, pid: int | None) -> int | None:
        """The exit code of the child ``pid`` if it has ended; what it left is reaped too."""
        code = None
        with suppress(ChildProcessError):
            while True:
                found, status = os.waitpid(-1, os.WNOHANG)
                if not found:
                    break
                if found == pid:
                    code = os.waitstatus_to_exitcode(status)
        return code

    def kill_all(self, pid: int | None) -> None:
        """End the child and all that it started, in whatever way; returns when they are gone."""
        deadline = time.monotonic() + _PATIENCE
        while self.kill(pid):
            self.reap(None)
            if time.monotonic() > deadline:
                os._exit(70)  # and the sandbox with us
            time.sleep(0.002)

    def kill(self, pid: int | None) -> bool:
        """Send a signal that nobody can ignore; False where nobody is left to get it."""
        if self.options.alone:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                return False
            return True
        file = Path(f"/proc/self/task/{os.getpid()}/children")
        children = [int(number) for number in file.read_text(encoding="ascii").split()]
        for number in {*children, *(() if pid is None else (pid,))}:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(number, signal.SIGKILL)
        for number in children:
            os.kill(number, signal.SIGKILL)
        return bool(children)

    def end(self) -> NoReturn:
        self.kill_all(None)
        os._exit(0)


def _child(caller: socket.socket, options: argparse.Namespace, ours: tuple[int, ...]) -> NoReturn:
    """Serve the caller. Never returns to the listener's loop."""
    try:
        be_child(*ours)
        os.setsid()
        _, files, _, _ = socket.recv_fds(caller, 1, 2)
        output, stack = files
        os.dup2(caller.fileno(), 0)
        os.dup2(caller.fileno(), 1)
        os.dup2(output, 2)
        for number in (caller.detach(), output):
            os.close(number)
        _confine(options)
        _lay_out(options)
        _serve(options, stack)
    except BaseException:  # noqa: BLE001 - a child must never fall into its parent's loop
        sys.excepthook(*sys.exc_info())
        os._exit(70)
    os._exit(0)


def _confine(options: argparse.Namespace) -> None:
    """Give up what the learner's code has no need of; there is no way back."""
    bounds = {
        resource.RLIMIT_AS: options.memory * _MIB,
        resource.RLIMIT_FSIZE: options.file * _MIB,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CPU: options.seconds,
        resource.RLIMIT_CORE: 0,
    }
    if options.processes is not None:
        bounds[resource.RLIMIT_NPROC] = options.processes
    for kind, bound in bounds.items():
        resource.setrlimit(kind, (bound, bound))
    if options.uid is not None:
        os.setgroups([])
        os.setresgid(options.uid, options.uid, options.uid)
        os.setresuid(options.uid, options.uid, options.uid)


def _lay_out(options: argparse.Namespace) -> None:
    """A copy of what was handed in, and nothing of what another process has left."""
    for folder in (*options.wipe, options.root.parent):
        with suppress(FileNotFoundError):
            for path in sorted(folder.iterdir()):
                if any(kept.is_relative_to(path) for kept in options.keep):
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, onerror=_open_up)
                else:
                    path.unlink()
    shutil.copytree(options.handed_in, options.root)
    os.environ.pop("PYTHONPATH", None)
    sys.argv[:] = ["flask"]


def _open_up(function: object, path: str, problem: object) -> None:
    """A folder that its owner closed is opened, and removed."""
    del function, problem
    parent = Path(path).parent
    parent.chmod(0o700)
    if Path(path).is_dir() and not Path(path).is_symlink():
        Path(path).chmod(0o700)
        shutil.rmtree(path)
    else:
        Path(path).unlink(missing_ok=True)


def _serve(options: argparse.Namespace, stack: int) -> NoReturn:
    from checker.harness.ground import Ground
    from checker.harness.serve import Server, serve
    from checker.harness.stdio import Inbox, take_over

    frames_in, frames_out = take_over()
    inbox = Inbox(frames_in)
    edit = tuple(inbox.get()["edit"])
    ground = Ground(options.root, options.exercises, edit)
    told = open(stack, "a", encoding="utf-8")  # noqa: SIM115 - to the end
    serve(Server(ground, told, wary=True), inbox, frames_out)


if __name__ == "__main__":
    main(sys.argv[1:])
