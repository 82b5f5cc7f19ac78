"""What one sandbox holds of a submission's step, laid out anew: files, and nothing else."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from checker.course import Step
from checker.files import tree

MIB = 1024 * 1024
LIMIT = 100 * MIB
MODULE = MIB // 2  # more keeps a parser busy for seconds


class TooMuch(Exception):
    """What was handed in is too large to be looked at: the message says what."""


class Stage:
    """A folder with a copy of what was handed in, and of what builds the app for a test.

    Regular files only, readable by everybody: no link, no device, none of the tests, neither
    the course's nor the learner's copy of them.
    """

    def __init__(self, folder: Path, root: Path, step: Step) -> None:
        self.folder = folder
        self.handed_in = folder / "handed-in"
        self.exercises = folder / "exercises"
        self.running = folder / "running"
        for made in (self.handed_in, self.exercises, self.running):
            made.mkdir()
        left = LIMIT
        for name, path in tree(root).items():
            if not name.startswith("exercises/"):
                left = _copy(path, self.handed_in / name, left)
        for name, path in tree(step.tests).items():
            if not path.name.startswith("test_"):
                _copy(path, self.exercises / name, LIMIT)
        for path in folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        folder.chmod(0o755)


def _copy(source: Path, target: Path, left: int) -> int:
    """Copy a regular file, and be wary: nothing is waited for, nothing is followed."""
    try:
        file = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # a link, or a file that nobody may read: as if it were not there
        return left
    with os.fdopen(file, "rb") as stream:
        told = os.fstat(stream.fileno())
        if not stat.S_ISREG(told.st_mode):
            return left
        if source.suffix == ".py" and told.st_size > MODULE:
            raise TooMuch(f"{source.name} has {told.st_size / MIB:.1f} MiB: no module is as large")
        if told.st_size > left:
            raise TooMuch(f"what was handed in is larger than {LIMIT // MIB} MiB")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
    return left - told.st_size
