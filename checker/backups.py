"""Copies of what a command is about to replace, and the way back.

Each command that replaces files of the learner makes one *copy*: a numbered folder with the
files as they were, written and complete before the first byte is replaced. Undoing is
such a command itself, so it can be undone.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.errors import UserError
from checker.files import CACHES, locked, read, refuse_odd, replace, write, write_json

VERSION = 1
UNDO = "undo"
REFRESH = "refresh"
CARRY = "carry"


@dataclass(frozen=True)
class Copy:
    """One copy: what was about to happen, and every file as it was before.

    ``files`` maps a path relative to the course to the file's mode, or to ``None`` where
    there was no file. ``undoes`` is the number of the copy that an undo brought back.
    """

    number: int
    folder: Path
    at: str
    command: str
    summary: str
    undoes: int | None
    files: Mapping[str, int | None]

    def content(self, name: str) -> bytes | None:
        """The file as it was, or ``None`` where there was none."""
        return None if self.files[name] is None else (self.folder / "before" / name).read_bytes()

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at,
            "command": self.command,
            "summary": self.summary,
            "undoes": self.undoes,
            "files": sorted(self.files),
            "folder": str(self.folder),
        }


@dataclass(frozen=True)
class Change:
    """What a file becomes; ``content`` is ``None`` where it goes away."""

    content: bytes | None
    mode: int | None = None


class Backups:
    """Every copy of one course's ``work/`` folder."""

    def __init__(self, course: Path, folder: Path) -> None:
        self.course = course
        self.folder = folder

    def replace(
        self,
        changes: Mapping[str, Change],
        command: str,
        summary: str,
        undoes: int | None = None,
    ) -> Copy | None:
        """Copy, then replace. ``None`` when every file is already what it should become.

        Raises :class:`~checker.errors.UserError` before anything is touched when a path
        cannot be replaced safely.
        """
        with locked(self.folder.parent / "lock"):
            for name in changes:
                refuse_odd(self.course, self.course / name)
            before = {name: read(self.course / name) for name in changes}
            different = {n: c for n, c in changes.items() if before[n] != c.content}
            if not different:
                return None
            copy = self._save({name: before[name] for name in different}, command, summary, undoes)
            for name, change in different.items():
                self._apply(name, before[name], change)
        return copy

    def record_new(self, names: Iterable[str], command: str, summary: str) -> Copy:
        """Note that ``names`` are about to be made, so that an undo takes them away."""
        with locked(self.folder.parent / "lock"):
            return self._save(dict.fromkeys(names), command, summary, undoes=None)

    def _save(
        self,
        before: Mapping[str, bytes | None],
        command: str,
        summary: str,
        undoes: int | None,
    ) -> Copy:
        import shutil
        from datetime import UTC, datetime
        from hashlib import sha256

        number = max((copy.number for copy in self.copies()), default=0) + 1
        now = datetime.now(UTC)
        folder = self.folder / f"{number:04}_{now:%Y-%m-%d_%H-%M-%S}_{command}"
        unfinished = self.folder / f".{folder.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        files: dict[str, int | None] = {}
        digests: dict[str, str] = {}
        for name, content in before.items():
            files[name] = None
            if content is not None:
                files[name] = stat.S_IMODE((self.course / name).stat().st_mode)
                digests[name] = sha256(content).hexdigest()
                write(unfinished / "before" / name, content)
        at = now.isoformat(timespec="seconds")
        copy = Copy(number, folder, at, command, summary, undoes, files)
        record = {"version": VERSION, "number": number, "at": at, "command": command}
        record |= {
            "summary": summary,
            "undoes": undoes,
            "files": files,
            "sha256": digests,
        }
        write_json(unfinished / "copy.json", record)
        replace(unfinished, folder)
        return copy

    def _apply(self, name: str, before: bytes | None, change: Change) -> None:
        path = self.course / name
        if read(path) != before:
            raise UserError(
                f"{name} was saved while it was being replaced: your newer save is kept."
                " Run the command again"
            )
        if change.content is None:
            path.unlink(missing_ok=True)
            self._prune(path.parent)
        else:
            write(path, change.content, change.mode)

    def _prune(self, folder: Path) -> None:
        """Remove folders that an undo left empty, with the caches Python put there."""
        import shutil

        while folder not in (self.course, self.folder.parent.parent):
            left = list(folder.iterdir()) if folder.is_dir() else []
            if any(entry.name not in CACHES for entry in left):
                return
            shutil.rmtree(folder, ignore_errors=True)
            folder = folder.parent

    def copies(self) -> tuple[Copy, ...]:
        """Every copy, oldest first. A folder without a readable record is left alone."""
        if not self.folder.is_dir():
            return ()
        found = [copy for entry in self.folder.iterdir() if (copy := _load(entry)) is not None]
        return tuple(sorted(found, key=lambda copy: copy.number))

    def undo(self, number: int | None = None) -> tuple[Copy, Copy]:
        """Bring back what the copy ``number`` holds; without one, the last that was not undone.

        Answers the copy brought back, and the new one of what it replaced.
        """
        for wanted in self._candidates(number):
            changes = {n: Change(wanted.content(n), mode) for n, mode in wanted.files.items()}
            summary = f"undo of {wanted.number}: {wanted.summary}"
            made = self.replace(changes, UNDO, summary, undoes=wanted.number)
            if made is not None:
                return wanted, made
        if number is not None:
            raise UserError(f"copy {number} holds what is there already: nothing to bring back")
        again = next((copy.number for copy in reversed(self.copies()) if copy.undoes), None)
        more = f". To take the last undo back: checker undo {again}" if again else ""
        raise UserError(f"there is nothing to undo{more}")

    def _candidates(self, number: int | None) -> tuple[Copy, ...]:
        known = {copy.number: copy for copy in self.copies()}
        if number is None:
            automatic = (UNDO, REFRESH)
            return tuple(
                copy
                for copy in reversed(known.values())
                if copy.command not in automatic and not _is_undone(copy, known)
            )
        if number not in known:
            raise UserError(f"there is no copy {number}: `checker undo --list` shows them")
        return (known[number],)


def _is_undone(copy: Copy, known: Mapping[int, Copy]) -> bool:
    """Whether the last word on ``copy`` was an undo that stands."""
    undos = [other for other in known.values() if other.undoes == copy.number]
    return any(not _is_undone(undo, known) for undo in undos)


def _load(folder: Path) -> Copy | None:
    try:
        record = json.loads((folder / "copy.json").read_text(encoding="utf-8"))
        return Copy(
            number=record["number"],
            folder=folder,
            at=record["at"],
            command=record["command"],
            summary=record["summary"],
            undoes=record["undoes"],
            files=record["files"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
