"""A stronger sandbox where gVisor is installed: the learner's code meets a kernel of its own.

``runsc`` runs the same processes as bubblewrap does, in a container that is described by a
file. Nothing can be handed to them but a path: so they knock from within, at a socket that is laid
into the container, and what a caller says goes through here.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_CHUNK = 1 << 16
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_RIGHTS = ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"]


class GvisorError(Exception):
    """gVisor cannot be had, for this reason."""


def command(bundle: Path, name: str) -> list[str]:
    """Run the container that ``bundle`` describes, as a child of this process."""
    program = shutil.which("runsc")
    if program is None:
        raise GvisorError("there is no runsc: install gVisor")
    rootless = [] if os.getuid() == 0 else ["--rootless"]
    return [
        *(program, "--root", str(bundle / "state"), *rootless),
        *("--network=none", "--ignore-cgroups", "--host-uds=open"),
        *("run", "--bundle", str(bundle), name),
    ]


def lay_out(
    bundle: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folders: Mapping[Path, Path],
    files: Mapping[Path, bytes],
    writable: Mapping[Path, int],
) -> None:
    """Describe a container: ``folders`` of ours to read, ``files``, and what is ``writable``.

    The latter are empty folders in memory, by the bytes that fit in.
    """
    root = bundle / "root"
    root.mkdir()
    for path, content in files.items():
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    shown = {Path("/usr"): Path("/usr"), **folders}
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            (root / name).symlink_to(path.readlink())
        elif path.is_dir():
            shown[path] = path
    for path in (*shown, *writable):
        (root / path.relative_to("/")).mkdir(parents=True, exist_ok=True)
    mounts: list[dict[str, Any]] = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
    ]
    mounts += [_bound(to, of) for to, of in sorted(shown.items())]
    mounts += [
        {
            "destination": str(path),
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["mode=1777", f"size={size}"],
        }
        for path, size in writable.items()
    ]
    kinds = ("pid", "network", "ipc", "uts", "mount")
    table = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(arguments),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), _RIGHTS),
            "noNewPrivileges": True,
        },
        "root": {"path": "root", "readonly": True},
        "hostname": "localhost",
        "mounts": mounts,
        "linux": {"namespaces": [{"type": kind} for kind in kinds]},
    }
    (bundle / "config.json").write_text(json.dumps(table), encoding="utf-8")


def _bound(to: Path, of: Path) -> dict[str, Any]:
    return {
        "destination": str(to),
        "type": "bind",
        "source": str(of.resolve()),
        "options": ["ro", "rbind"],
    }


def problem() -> str:
    """Why gVisor does not work here; empty where it does."""
    with tempfile.TemporaryDirectory(prefix="gvisor-", ignore_cleanup_errors=True) as folder:
        bundle = Path(folder)
        try:
            lay_out(bundle, ["/bin/true"], {}, {}, {}, {Path("/tmp"): 1 << 20})  # noqa: S108
            done = subprocess.run(
                command(bundle, f"probe-{os.getpid()}"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=60,
                check=False,
            )
        except (GvisorError, OSError) as error:
            return str(error)
        except subprocess.TimeoutExpired:
            return "it does not start within 60 seconds"
    said = done.stderr.strip().splitlines() or [f"runsc ended with {done.returncode}"]
    return said[-1] if done.returncode else ""


def carry(listening: socket.socket, door: socket.socket, hang_up: Callable[[], None]) -> None:
    """Bring each caller at ``listening`` to who knocks at ``door``, until one of them is closed.

    ``hang_up`` tells those within that a caller has gone: they cannot see it.
    """
    with suppress(OSError):
        while True:
            caller, _ = listening.accept()
            with caller:
                _, files, _, _ = socket.recv_fds(caller, 1, 2)
                try:
                    inner, _ = door.accept()
                    with inner:
                        socket.send_fds(inner, [b"!"], files)
                        _talk(caller, inner)
                finally:
                    for file in files:
                        os.close(file)
            hang_up()


def _talk(caller: socket.socket, inner: socket.socket) -> None:
    """Hand on what both say until one of them ends; nobody waits for one who does not listen."""
    ends = {caller.fileno(): caller, inner.fileno(): inner}
    other = {caller.fileno(): inner.fileno(), inner.fileno(): caller.fileno()}
    unsent = dict.fromkeys(ends, b"")  # to each
    for end in ends.values():
        end.setblocking(False)
    with suppress(OSError):
        while True:
            waiting = select.poll()
            for number in ends:
                reads = 0 if unsent[other[number]] else select.POLLIN
                waiting.register(number, reads | (select.POLLOUT if unsent[number] else 0))
            for number, told in waiting.poll():
                if told & select.POLLOUT:
                    unsent[number] = unsent[number][ends[number].send(unsent[number]) :]
                elif told & select.POLLIN:
                    unsent[other[number]] = ends[number].recv(_CHUNK)
                    if not unsent[other[number]]:
                        return
                elif told:  # it has gone: what it said last may still be heard
                    ends[other[number]].send(unsent[other[number]])
                    return
