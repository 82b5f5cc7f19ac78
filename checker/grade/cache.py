"""The hashes that say whether something was graded already: what went in, and what it met."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from checker.course import Step
from checker.engine.fingerprint import installed
from checker.files import IGNORED_FOLDERS, tree
from checker.grade.locate import digest

# What decides a verdict. How it is presented is left out: a new layout regrades nobody.
_DECIDING = ("course.py", "files.py", "engine", "harness", "grade")
_PRESENTING = (
    "analysis",
    "autograder",
    "commands",
    "formats",
    "progress",
    "report",
    "schemas",
    "signing",
    "similarity",
    "templates",
    "text",
    "view",
    "words",
)
# A file that changed this shortly before it was read may change again without its times telling.
_SETTLED = 2.0


def key(kind: str, **parts: Any) -> str:
    """One hash over everything that a result depends on."""
    text = json.dumps({"kind": kind, "version": 1, **parts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def checker_digest() -> str:
    """Of the code that decides a verdict."""
    package = Path(__file__).resolve().parent.parent
    files: dict[str, bytes] = {}
    for name in _DECIDING:
        place = package / name
        found = {name: place} if place.is_file() else _below(place, name)
        files |= {name: path.read_bytes() for name, path in found.items()}
    return digest(files)


def whole_digest() -> str:
    """Of all the checker's code, presentation included."""
    package = Path(__file__).resolve().parent.parent
    return digest({name: path.read_bytes() for name, path in tree(package).items()})


def environment_digest() -> str:
    """Of the interpreter, the system, and every package installed."""
    here = (sys.version, platform.system(), platform.machine(), *(name for name, _ in installed()))
    return hashlib.sha256("\n".join(here).encode()).hexdigest()


def tests_digest(step: Step, hidden: Mapping[str, bytes]) -> str:
    """Of what grades a step: its tests, their points, and the instructor's own tests.

    The whole starter counts: it is what meddling is told from.
    """
    files = {name: path.read_bytes() for name, path in tree(step.path).items()}
    return digest({**files, **{f"hidden/{name}": data for name, data in hidden.items()}})


def signature(sources: Iterable[Path]) -> str | None:
    """What the disk says of files without opening them; ``None`` where it cannot be relied on.

    Size, both times and the inode, as git does it. A learner can set one of the times, not both.
    """
    now = time.time()
    total = hashlib.sha256()
    newest = 0.0
    for source in sources:
        found = [(source.name, source.lstat())]
        if not source.is_symlink() and source.is_dir():
            found += _stats(source)
        for name, stat in sorted(found, key=lambda pair: pair[0]):
            newest = max(newest, stat.st_ctime, stat.st_mtime)
            facts = (stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
            total.update(f"{name!r} {facts}\n".encode())
    return total.hexdigest() if newest < now - _SETTLED else None


def _stats(folder: Path) -> list[tuple[str, os.stat_result]]:
    found = []
    waiting = [(str(folder), "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name in IGNORED_FOLDERS:
                    continue
                found.append((prefix + entry.name, entry.stat(follow_symlinks=False)))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
    return found


def _below(folder: Path, name: str) -> dict[str, Path]:
    return {
        f"{name}/{inner}": path
        for inner, path in tree(folder).items()
        if not inner.startswith(_PRESENTING)
    }
