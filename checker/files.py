"""Reading and replacing files so that no byte is lost half-way."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

from checker.errors import EnvironmentTrouble, UserError

CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
IGNORED_FOLDERS = CACHES | {
    ".git",
    ".idea",
    ".ipynb_checkpoints",
    ".venv",
    ".vscode",
    "instance",
    "node_modules",
    "venv",
}
# Made by running the app, by a desktop or by an editor while it saves
IGNORED_FILES = (
    ".checker-*",
    ".DS_Store",
    "*.db",
    "*.db-journal",
    "*.log",
    "*.pyc",
    "*.sqlite3",
    "*.sqlite3-journal",
    "*.swp",
    "*.swx",
    "*~",
    ".#*",
    "#*#",
    "4913",
)


@lru_cache(maxsize=4096)  # the same names come again in every step of every learner
def is_ignored(name: str) -> bool:
    """Whether a file of this name is no part of anybody's work."""
    return any(fnmatch(name, pattern) for pattern in IGNORED_FILES)


def tree(root: Path) -> dict[str, Path]:
    """Every file below ``root`` by its relative path with forward slashes, in order.

    Caches, databases and what editors leave behind are left out. A symbolic link is
    listed and never followed. A missing folder is empty.
    """
    return dict(sorted(_walk(root, "")))


def has_files(root: Path) -> bool:
    """Whether there is any file below ``root`` that :func:`tree` would list."""
    return any(True for _ in _walk(root, ""))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED_FOLDERS:
                yield from _walk(Path(entry.path), f"{name}/")
        elif not is_ignored(entry.name):
            yield name, Path(entry.path)


def read(path: Path) -> bytes | None:
    """The content of a file, or ``None`` when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise UserError(f"{path.parent} must be a folder, and is a file: move it away") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} must be a file, and is a folder: move it away") from error


def refuse_odd(root: Path, path: Path) -> None:
    """Refuse to write to ``path`` through a link, over a folder, or below a file.

    Only what lies below ``root`` is looked at; raises :class:`~checker.errors.UserError`.
    """
    parts = path.relative_to(root).parts
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        if stat.S_ISLNK(mode):
            raise UserError(
                f"{place} is a symbolic link, and the checker does not write through links:"
                " put the real file or folder there"
            )
        if length < len(parts) and not stat.S_ISDIR(mode):
            raise UserError(f"{place} must be a folder, and is a file: move it away")
        if length == len(parts) and not stat.S_ISREG(mode):
            raise UserError(f"{place} must be a file, and is a folder: move it away")


def write(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put ``content`` at ``path`` as a whole or not at all; missing folders are made."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    if mode is None:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=".checker-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def replace(source: Path, target: Path) -> None:
    """``source.replace``, tried for a second on Windows, where whoever reads is in the way.

    That is another program with the target, or one that looks at all that is new, for viruses.
    """
    for _ in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if sys.platform != "win32":
                raise
            time.sleep(0.05)
    source.replace(target)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, atomically."""
    write(path, json.dumps(value, indent=1).encode() + b"\n")


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold ``file`` as a lock between processes; not to be nested."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                handle.seek(0)
                msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def explain(error: OSError) -> EnvironmentTrouble:
    """The cause of an operating system's error in one sentence, with what to do."""
    import errno

    remedies = {
        errno.ENOSPC: "the disk is full: make room, then run the command again",
        errno.EDQUOT: "your disk quota is used up: make room, then run the command again",
        errno.EROFS: "the disk is read-only: copy the course to a folder of your own",
        errno.EACCES: "there is no permission: copy the course to a folder of your own",
        errno.EPERM: "there is no permission: copy the course to a folder of your own",
        errno.EMFILE: "too many files are open: close other programs, then run the command again",
    }
    file = error.filename2 or error.filename or "a file"
    what = remedies.get(
        error.errno or 0, f"{error.strerror or error}; `checker doctor` may know more"
    )
    return EnvironmentTrouble(f"cannot use {file}: {what}")
