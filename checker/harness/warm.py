"""Libraries, imported once for many sandboxes: ``python -P -m checker.harness.warm …``, as root.

Runs outside of them, and never reads or runs anything of a learner's. For each sandbox that the
grader has had made, it forks a process that enters the sandbox's namespaces, gives up whatever
bubblewrap takes from those it starts, and is the listener there.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from checker.harness import listen

# As linux/prctl.h, linux/capability.h and linux/seccomp.h number them.
_DROP_BOUND, _AMBIENT, _CLEAR_AMBIENT = 24, 47, 4
_NO_NEW_RIGHTS, _SECCOMP, _FILTER = 38, 22, 2
_SUBREAPER = 36
_CAPABILITIES = 0x20080522
_RIGHTS = (5, 6, 7)  # CAP_KILL, CAP_SETGID, CAP_SETUID
_HIGHEST = 63
_SPACES = ("pid", "cgroup", "ipc", "uts", "net", "mnt")
_ORDER = 1 << 16
_INSTRUCTION = 8
_libc = ctypes.CDLL(None, use_errno=True)


class _Library(MetaPathFinder):
    """Finds our own modules in their ``place``, and has them say that they lie where they are
    ``shown``: in a traceback they read as those that a sandbox imports itself.
    """

    def __init__(self, shown: Path) -> None:
        self.shown = shown
        self.place = Path(__file__).resolve().parents[2]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if not fullname.startswith("checker."):
            return None
        name = f"{fullname.replace('.', '/')}.py"
        if not (self.place / name).is_file():
            return None
        loader = _Shown(fullname, str(self.shown / name), self)
        return spec_from_file_location(fullname, self.shown / name, loader=loader)


class _Shown(SourceFileLoader):
    def __init__(self, fullname: str, path: str, library: _Library) -> None:
        super().__init__(fullname, path)
        self.library = library

    def get_data(self, path: str) -> bytes:
        return super().get_data(self._real(path))

    def path_stats(self, path: str) -> Mapping[str, Any]:
        return super().path_stats(self._real(path))

    def _real(self, path: str) -> str:
        return str(self.library.place / Path(path).relative_to(self.library.shown))


def main(arguments: list[str]) -> NoReturn:
    sys.dont_write_bytecode = True
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True, help="where orders come from")
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--library", type=Path, required=True, help="what a sandbox has us in")
    options = parser.parse_args(arguments)
    library = _Library(options.library)
    sys.meta_path.insert(0, library)
    listen.preload(options.preload)
    orders = socket.socket(fileno=options.socket)
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        said, files, _, _ = socket.recv_fds(orders, _ORDER, 4)
        if not said:
            os._exit(0)
        if os.fork() == 0:
            orders.close()
            _enter(json.loads(said), files, library)
        for file in files:
            os.close(file)


def _reap(*_: object) -> None:
    """See off those who have entered, as they end; what they took counts as ours."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _enter(order: dict[str, Any], files: list[int], library: _Library) -> NoReturn:
    """Have a child in the sandbox; tell our numbers, and then what it ended with."""
    line, errors, listening, *filters = files
    code = 1
    try:
        os.dup2(errors, 2)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        spaces = [os.open(f"/proc/{order['process']}/ns/{kind}", os.O_RDONLY) for kind in _SPACES]
        # Whoever is there ends all others in time: it had better not be the machine itself, on
        # which a process may have got the number of a sandbox that has gone.
        if os.path.samestat(os.fstat(spaces[0]), Path("/proc/self/ns/pid").stat()):
            raise ProcessLookupError("the sandbox has gone")
        for space in spaces:
            _done(_libc.setns(space, 0))
            os.close(space)
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(tell)
            if not os.read(told, 1):  # nobody knows us: our parent has gone
                os._exit(1)
            _listen(order["arguments"], line, listening, filters, library)
        os.close(listening)
        os.write(line, b"%d %d\n" % (os.getpid(), child))
        # What it says itself comes after that, however quick it is.
        os.write(tell, b"!")
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
    except BaseException:  # noqa: BLE001 - it must never fall into its parent's loop
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    os.write(line, b"%d\n" % code)
    os._exit(0)


def _listen(
    arguments: list[str], line: int, listening: int, filters: list[int], library: _Library
) -> NoReturn:
    """Be to the sandbox what bubblewrap starts there: no other file, no other right."""
    try:
        os.setsid()
        os.dup2(line, 0)
        os.dup2(line, 1)
        program = Path(f"/proc/self/fd/{filters[0]}").read_bytes() if filters else b""
        os.dup2(listening, 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        _give_up()
        if program:
            _filter(program)
        _done(_libc.prctl(_SUBREAPER, 1, 0, 0, 0))
        library.place = library.shown
        sys.path.insert(0, str(library.shown))
        listen.Listener(listen.options_of(["--socket", "3", *arguments])).run()
    except BaseException:  # noqa: BLE001 - as above
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    os._exit(1)


def _give_up() -> None:
    """Keep no right but to end processes and to become somebody else."""
    for right in range(_HIGHEST + 1):
        if right not in _RIGHTS and _libc.prctl(_DROP_BOUND, right, 0, 0, 0):
            if ctypes.get_errno() == errno.EINVAL:  # the kernel knows no more of them
                break
            _done(-1)
    _done(_libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0))
    kept = sum(1 << right for right in _RIGHTS)
    header = struct.pack("=Ii", _CAPABILITIES, 0)
    _done(_libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0)))
    _done(_libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0))


def _filter(program: bytes) -> None:
    """Put the filter of system calls on this process and all that it starts."""
    code = ctypes.create_string_buffer(program, len(program))
    count = len(program) // _INSTRUCTION
    table = struct.pack("@HP", count, ctypes.addressof(code))
    _done(_libc.prctl(_SECCOMP, _FILTER, table, 0, 0))


def _done(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(sys.argv[1:])
