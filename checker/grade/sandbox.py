"""A sandbox for one submission: warm processes that the examiner reaches by a socket.

Within lie the interpreter with its packages, the harness, what was handed in and what builds
the app; no test, no solution, no other submission, nothing of the machine's. The learner's
code runs there and nowhere else.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psutil  # type: ignore[import-untyped]

from checker.engine.link import SET
from checker.engine.waits import Runner
from checker.grade import gvisor
from checker.grade.cgroups import Group
from checker.grade.seccomp import filter_file
from checker.grade.stage import Stage
from checker.grade.warm import PLACEHOLDER, Warm, line_of

MIB = 1024 * 1024
# What one submission may take: its processes each, and all of them together.
PROCESS_MEMORY = 2048
ALL_MEMORY = 1024
FILE = 32
FOLDER = 128
PROCESSES = 100
# How often the learner's code may bring all of it down before nobody starts it again.
STARTS = 4
NOBODY = 65534
_GRACE = 5.0
_READY = b"ready\n"
_COURSE = Path("/course")
LIBRARY = _COURSE / "lib"
_DOOR = _COURSE / "door" / "socket"
_ENVIRONMENT = {
    **SET,
    "HOME": "/tmp",  # noqa: S108 - its own
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TMPDIR": "/tmp",  # noqa: S108 - its own
    "TZ": "UTC",
}


class SandboxError(Exception):
    """The sandbox cannot be had, and no learner is to blame."""


@dataclass(frozen=True)
class Walls:
    """What a sandbox is made of.

    ``namespaces`` stand for bubblewrap and all that it does; without them the learner's
    code runs with the rights of whoever grades. ``gvisor`` stands in the place of bubblewrap.
    """

    namespaces: bool = True
    seccomp: bool = True
    gvisor: bool = False
    groups: tuple[str, ...] = ("memory", "processes")


class Sandbox:
    """Listens at ``address`` from the start; whoever knocks waits until it is warm.

    It is started again when the learner's code brings it down, though not for ever. A fork
    of ``warm`` spares it the imports.
    ``seen`` is where the learner's folder lies for those within. ``trouble`` says why it
    cannot be had at all.
    """

    def __init__(
        self,
        walls: Walls,
        stage: Stage,
        name: str,
        preload: Sequence[str],
        seconds: int,
        hash_seed: int,
        warm: Warm | None = None,
    ) -> None:
        self.walls = walls
        self.stage = stage
        self.preload = preload
        self.seconds = seconds
        self.address = stage.folder / "socket"
        self.seen = (_COURSE / "work" if walls.namespaces else stage.running) / name
        self.environment = environment(hash_seed)
        self.trouble: str | None = None
        self.uid = NOBODY if walls.gvisor else learners_uid()
        # gVisor has threads of its own, and a process for each thread within.
        self._group = Group(ALL_MEMORY * MIB, PROCESSES * (4 if walls.gvisor else 1))
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        # The process that forks for each caller, and what it and all orphans are below.
        self._listener: Runner | None = None
        self._warm = warm if walls.namespaces and not walls.gvisor and self.uid else None
        self._filter: int | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _folder(self.address.parent) as folder:
            self._socket.bind(f"/proc/self/fd/{folder}/{self.address.name}")
        self._socket.listen(8)
        self._door = self._opened_door() if walls.gvisor else None
        # The thread lives as long as the sandbox: bubblewrap dies with the one that started it.
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def app(self) -> Runner | None:
        """The process that serves the caller of now; None where it cannot be seen from here."""
        listener = self._listener
        if listener is None or self.walls.gvisor:
            return None
        try:
            children = psutil.Process(listener.process).children()
            # Whatever else is there was started by it, and is younger.
            first = min(children, key=psutil.Process.create_time, default=None)
        except psutil.Error:
            return None
        return None if first is None else Runner(first.pid, listener.top)

    def close(self) -> None:
        """End all of it; nothing is left when this returns."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            self._end(process)
        self._keeper.join()
        self._socket.close()
        self._group.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self) -> None:
        try:
            for _ in range(STARTS):
                with ExitStack() as opened:
                    process = self._start(opened)
                    if process is None:
                        break
                    if self._warm is None:
                        self._wait_for(process)
                    else:
                        self._wait_for_guest(process, self._warm)
                    self._end(process)
                if self._closed or self.trouble is not None:
                    break
        except (OSError, SandboxError, gvisor.GvisorError, psutil.Error) as error:
            self.trouble = f"the sandbox cannot be started: {error}"
        finally:
            # Whoever knocks from here on is turned away, and whoever waits too.
            for end in (self._socket, self._door):
                if end is not None:
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                    end.close()

    def _opened_door(self) -> socket.socket:
        """What those within knock at; what a caller says goes through here."""
        place = self.stage.folder / "door"
        place.mkdir(mode=0o755)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _folder(place) as folder:
            door.bind(f"/proc/self/fd/{folder}/{_DOOR.name}")
        (place / _DOOR.name).chmod(0o666)
        door.listen(1)
        threading.Thread(
            target=gvisor.carry, args=(self._socket, door, self._hang_up), daemon=True
        ).start()
        return door

    def _hang_up(self) -> None:
        process = self._process
        if process is not None:
            with suppress(OSError, ValueError):
                lifeline = cast(IO[bytes], process.stdin)
                lifeline.write(b".")
                lifeline.flush()

    def _start(self, opened: ExitStack) -> subprocess.Popen[bytes] | None:
        """What is made of walls, around a listener or what waits for one."""
        if self._warm is not None and not self._warm.alive:
            self._warm = None
        files = [] if self.walls.gvisor or self._warm else [self._socket.fileno()]
        command = self._inner() if self._warm is None else list(PLACEHOLDER)
        if self.walls.gvisor:
            command = self._container(command)
        elif self.walls.namespaces:
            options: list[str] = [] if self._warm is None else ["--as-pid-1"]
            if self.walls.seccomp:
                self._filter = filter_file()
                opened.callback(os.close, self._filter)
                files.append(self._filter)
                options += ["--seccomp", str(self._filter)]
            command = [*self._walls(), *options, "--", *command]
        with self._lock:
            if self._closed:
                return None
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environment,
                cwd="/",
                pass_fds=files,
                start_new_session=True,
            )
        return process

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        """Bound what is warm, let it go, and wait for its end."""
        lifeline, told = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        ready = told.readline()
        if ready:
            with suppress(psutil.NoSuchProcess):
                pids = [process.pid, *(child.pid for child in _below(process.pid))]
                self._listener = Runner(pids[-1], process.pid)
                self._bound(pids)
            with suppress(OSError):
                lifeline.write(b"!")
                lifeline.flush()
        said = cast(IO[bytes], process.stderr).read().decode("utf-8", "replace")
        code = process.wait()
        # The learner's code can kill what runs within, and cannot have it end with a 1.
        if not self._closed and (not ready or code == 1):
            words = said.strip().splitlines() or [f"it ended with {code}"]
            self.trouble = f"the sandbox does not start: {words[-1]}"

    def _wait_for_guest(self, process: subprocess.Popen[bytes], warm: Warm) -> None:
        """The same, where a fork of a warm process is to enter what was made."""
        if not cast(IO[bytes], process.stdout).readline():
            said = cast(IO[bytes], process.stderr).read().decode("utf-8", "replace").splitlines()
            raise SandboxError(said[-1] if said else "bubblewrap says nothing")
        waiting = _below(process.pid)
        if not waiting:
            return  # it has been closed meanwhile
        files = [self._socket.fileno(), *([] if self._filter is None else [self._filter])]
        guest = warm.enter(waiting[-1].pid, self._arguments(), files)
        with guest.line as line, guest.errors as errors:
            outside, _, inside = line_of(line).strip().partition(b" ")
            if inside and line_of(line) == _READY:
                self._listener = Runner(int(inside), int(outside))
                with suppress(psutil.NoSuchProcess):
                    self._bound([process.pid, *(each.pid for each in waiting), int(inside)])
                with suppress(OSError):
                    line.write(b"!")
            # It says no more until it has ended.
            code = line_of(line).strip() if inside else outside
            said = errors.read().decode("utf-8", "replace").splitlines()
            if inside:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(int(outside)).wait(_GRACE)
        if not self._closed and code in {b"", b"1"}:
            self.trouble = f"the sandbox does not start: {said[-1] if said else 'it has gone'}"

    def _bound(self, pids: list[int]) -> None:
        if set(self.walls.groups) - set(self._group.bounds):
            raise SandboxError("its control group is gone")
        self._group.add(*pids)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and all below it; what a learner does with signals does not matter."""
        with suppress(psutil.NoSuchProcess):
            below = _below(process.pid)
            if not self.walls.namespaces:
                # It knows best what it has adopted.
                with suppress(OSError):
                    cast(IO[bytes], process.stdin).close()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
                below += _below(process.pid) if process.poll() is None else []
            for child in below:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            # Its children gone, it ends by itself; and they are its own to see off.
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE if below else 0)
            process.kill()
            psutil.wait_procs(below, timeout=_GRACE)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                cast(IO[bytes], stream).close()

    def _inner(self) -> list[str]:
        """The command that runs within."""
        way = ("--door", str(_DOOR)) if self.walls.gvisor else ("--socket", self._socket.fileno())
        command = (sys.executable, "-P", "-m", "checker.harness.listen", *map(str, way))
        return [*command, *self._arguments()]

    def _arguments(self) -> list[str]:
        """What a listener is told, but for where to listen."""
        walls, exercises, handed_in = self.walls, self.stage.exercises, self.stage.handed_in
        options: list[str] = []
        if walls.namespaces:
            exercises = _COURSE / "steps" / self.seen.name / "exercises"
            handed_in = _COURSE / "handed-in"
            options = ["--alone", "--processes", str(PROCESSES)]
            options += ["--wipe", "/tmp", "--wipe", "/dev/shm"]  # noqa: S108 - its own
            options += ["--keep", sys.prefix, "--keep", sys.base_prefix]
            options += [] if self.uid is None else ["--uid", str(self.uid)]
        return [
            *("--handed-in", str(handed_in)),
            *("--root", str(self.seen)),
            *("--exercises", str(exercises)),
            *(part for name in self.preload for part in ("--preload", name)),
            *("--seconds", str(self.seconds)),
            *("--memory", str(PROCESS_MEMORY)),
            *("--file", str(FILE)),
            *options,
        ]

    def _container(self, inner: Sequence[str]) -> list[str]:
        """The command that runs ``inner`` in a container of gVisor's."""
        bundle = self.stage.folder / "bundle"
        shutil.rmtree(bundle, ignore_errors=True)
        bundle.mkdir()
        checker = Path(__file__).resolve().parents[1]
        library = LIBRARY / "checker"
        folders = {
            **{Path(path): Path(path) for path in (sys.base_prefix, sys.prefix)},
            library / "harness": checker / "harness",
            _COURSE / "steps" / self.seen.name / "exercises": self.stage.exercises,
            _COURSE / "handed-in": self.stage.handed_in,
            _DOOR.parent: self.stage.folder / "door",
        }
        gvisor.lay_out(
            bundle,
            inner,
            {**self.environment, "PYTHONPATH": str(library.parent)},
            {to: of for to, of in folders.items() if not to.is_relative_to("/usr")},
            {
                library / "__init__.py": (checker / "__init__.py").read_bytes(),
                Path("/etc/passwd"): f"learner:x:{self.uid}:{self.uid}::/tmp:/bin/sh\n".encode(),
            },
            dict.fromkeys((Path("/tmp"), Path("/dev/shm"), self.seen.parent), FOLDER * MIB),  # noqa: S108
        )
        return gvisor.command(bundle, f"checker-{os.getpid()}-{secrets.token_hex(4)}")

    def _walls(self) -> list[str]:
        """The command that builds the sandbox around."""
        stage, step = self.stage, self.seen.name
        exercises = _COURSE / "steps" / step / "exercises"
        checker = Path(__file__).resolve().parents[1]
        passwd = stage.folder / "passwd"
        uid = NOBODY if self.uid is None else self.uid
        passwd.write_text(f"learner:x:{uid}:{uid}::/tmp:/bin/sh\n", encoding="ascii")
        binds = {
            **{Path(path): Path(path) for path in (sys.base_prefix, sys.prefix)},
            LIBRARY / "checker" / "__init__.py": checker / "__init__.py",
            LIBRARY / "checker" / "harness": checker / "harness",
            exercises: stage.exercises,
            _COURSE / "handed-in": stage.handed_in,
            Path("/etc/passwd"): passwd,
        }
        return [
            *bubblewrap(),
            *_writable("/tmp", 0o1777, FOLDER),  # noqa: S108 - its own
            *_writable("/dev/shm", 0o1777, FOLDER),  # noqa: S108 - its own
            *_folders([*binds, self.seen]),
            *system(),
            *(part for to, of in binds.items() for part in ("--ro-bind", str(of), str(to))),
            *_writable(str(self.seen.parent), 0o777, FOLDER),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
            *("--setenv", "PYTHONPATH", str(LIBRARY)),
        ]


def environment(hash_seed: int) -> dict[str, str]:
    """All that those within know of the machine."""
    return {**_ENVIRONMENT, "PYTHONHASHSEED": str(hash_seed)}


def learners_uid() -> int | None:
    """Whom the learner's code runs as; None where we cannot become anybody else.

    If it can be, a user of whom there is no other process on this machine: a bound on the
    processes of a user is then a bound on one submission.
    """
    if sys.platform != "linux" or os.getuid() != 0:
        return None
    rows = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    known = [(int(first), int(count)) for first, _, count in map(str.split, rows)]
    for uid in (600_000_000 + secrets.randbelow(100_000_000), NOBODY):
        if any(first <= uid < first + count for first, count in known):
            return uid
    return None


def bubblewrap() -> list[str]:
    """The namespaces and rights of every sandbox, as the beginning of a command.

    Raises :class:`SandboxError` where there is no bubblewrap.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("there is no bwrap: install the package bubblewrap")
    # Root becomes another user within, and ends that user's processes; whoever is nobody
    # special needs a user namespace for the rest.
    rights = (
        [part for right in ("KILL", "SETUID", "SETGID") for part in ("--cap-add", f"CAP_{right}")]
        if learners_uid() is not None
        else ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--disable-userns"]
    )
    return [
        *(program, "--die-with-parent", "--new-session", "--cap-drop", "ALL", *rights),
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "localhost", "--chdir", "/"),
        *("--dev", "/dev", "--proc", "/proc"),
    ]


def system() -> Iterator[str]:
    """The system's libraries, to read."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in ("ld.so.cache", "mime.types"):
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _folders(paths: Sequence[Path]) -> Iterator[str]:
    """The folders above ``paths``, open to all: bubblewrap itself makes them for root alone."""
    wanted = {parent for path in paths for parent in path.parents} - {Path("/")}
    for folder in sorted(wanted):
        if not folder.is_relative_to("/usr"):
            yield from ("--perms", "0755", "--dir", str(folder))


def _writable(path: str, mode: int, size: int) -> Iterator[str]:
    yield from ("--size", str(size * MIB), "--perms", f"{mode:04o}", "--tmpfs", path)


def _below(pid: int) -> list[psutil.Process]:
    below: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    return below


class _folder:  # noqa: N801 - used like a function
    """A descriptor of a folder, as a context: a socket's own path may have 107 bytes at most."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._file = os.open(self._path, os.O_PATH | os.O_DIRECTORY)
        return self._file

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
