"""A bound on what a whole sandbox takes of the machine, by control groups of version 1 or 2.

Limits of a process hold for each process alone; these hold for all of them together. Where no
group can be made (most often: no right to) the sandbox goes without.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_NAME = "checker"
_OWN = Path("/proc/self/cgroup")
_MOVES = Path("cgroup.procs")


class Group:
    """Up to ``memory`` bytes and ``processes`` for all that is added, on every controller found.

    ``bounds`` names what is bounded: of ``memory`` and ``processes`` both, one or none.
    """

    def __init__(self, memory: int, processes: int) -> None:
        self.bounds: tuple[str, ...] = ()
        self._folders: list[Path] = []
        name = f"{_NAME}-{os.getpid()}-{secrets.token_hex(4)}"
        wanted = {"memory": memory, "processes": processes}
        for bounds, folder in _places(name):
            missing = {what: file for what, file in bounds.items() if what not in self.bounds}
            if missing and self._make(
                folder, {file: wanted[what] for what, file in missing.items()}
            ):
                self.bounds = (*self.bounds, *missing)

    def _make(self, folder: Path, values: dict[str, int]) -> bool:
        _sweep(folder.parent)
        try:
            folder.mkdir()
        except OSError:
            return False
        try:
            for file, value in values.items():
                (folder / file).write_text(str(value), encoding="ascii")
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            return False
        self._folders.append(folder)
        return True

    def add(self, *pids: int) -> None:
        """Put processes into the group; those that they start are in it too."""
        for folder in self._folders:
            for pid in pids:
                (folder / _MOVES).write_text(str(pid), encoding="ascii")

    def close(self) -> None:
        """Remove the group, whose processes have ended."""
        deadline = time.monotonic() + 5
        while self._folders:
            with suppress(FileNotFoundError):
                try:
                    self._folders[-1].rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
                    continue
            self._folders.pop()


def _places(name: str) -> Iterator[tuple[dict[str, str], Path]]:
    """Where a group of ours may lie, and the files there that bound what is ours to bound."""
    try:
        lines = _OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    paths = {controller: path for _, controller, path in (line.split(":", 2) for line in lines)}
    for controllers, path in paths.items():
        for controller in controllers.split(","):
            parent = _ROOT / controller / path.lstrip("/")
            if controller == "memory":
                yield {"memory": "memory.limit_in_bytes"}, parent / name
            elif controller == "pids":
                yield {"processes": "pids.max"}, parent / name
    if "" in paths:
        both = {"memory": "memory.max", "processes": "pids.max"}
        own = _ROOT / paths[""].lstrip("/")
        # A group with processes of its own gives none of its bounds on: then one beside it.
        for parent in (own, own.parent):
            if parent.is_relative_to(_ROOT) and (parent / "cgroup.controllers").is_file():
                yield both, parent / name


def _sweep(folder: Path) -> None:
    """Remove what a grader left that was killed; a group with a process in it stays anyway."""
    for left in folder.glob(f"{_NAME}-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            with suppress(OSError):
                left.rmdir()
