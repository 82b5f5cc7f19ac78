"""The learner's files: what the course hands out goes to ``work/``, and nothing there is ever lost.

The course owns ``steps/`` and ``solutions/``; the learner owns ``work/``. A command that replaces
one of the learner's files goes through :class:`~checker.backups.Backups`, which copies it first.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.backups import CARRY, REFRESH, Backups, Change, Copy
from checker.course import Course, Exercise, Step
from checker.errors import UserError
from checker.files import has_files, locked, read, refuse_odd, tree, write, write_json
from checker.merge import Merged, merge

EXERCISES = "exercises/"
# The course's part of a step, which differs from step to step: no work of the learner to carry
NOT_CARRIED = ("step.toml", "tour.ipynb", EXERCISES)


@dataclass(frozen=True)
class Carried:
    """What a merge brought along.

    ``merged`` names the files the learner's changes went into, ``conflicts`` those where
    both sides changed the same lines (path to what to do about it).
    """

    merged: tuple[str, ...]
    conflicts: Mapping[str, str]

    @classmethod
    def of(cls, results: Mapping[str, Merged]) -> Carried:
        conflicts = {name: merged.conflict for name, merged in results.items() if merged.conflict}
        return cls(tuple(name for name in results if name not in conflicts), conflicts)


class Workspace:
    """The folder ``work/`` of one course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.root = course.root / "work"
        self.hidden = self.root / ".checker"
        self.backups = Backups(course.root, self.hidden / "backups")

    def folder(self, step: Step) -> Path:
        return self.root / step.name

    def is_started(self, step: Step) -> bool:
        """Whether the step's folder holds any file; one with caches alone does not count."""
        return has_files(self.folder(step))

    @property
    def started(self) -> tuple[Step, ...]:
        return tuple(step for step in self.course.steps if self.is_started(step))

    def require_started(self, step: Step) -> Path:
        folder = self.folder(step)
        if not folder.is_symlink() and folder.is_file():
            raise UserError(f"{folder} must be a folder, and is a file: move it away")
        if not self.is_started(step):
            raise UserError(f"step {step.number} is not started: checker start {step.number}")
        return folder

    def check_writable(self) -> None:
        """Refuse a ``work`` that is a file or a link; make it where it is missing."""
        refuse_odd(self.course.root, self.hidden / "lock")
        self.hidden.mkdir(parents=True, exist_ok=True)

    # Starting

    def start(self, step: Step, originals: Mapping[str, bytes | None] | None = None) -> Path:
        """Copy the step's starter whole; :class:`UserError` where the learner has files already.

        ``originals`` overrides files that were edited in ``steps/``; ``None`` leaves one out.
        """
        self.check_writable()
        contents = _contents(step.path) | dict(originals or {})
        with locked(self.hidden / "start.lock"):
            self._refuse_existing(step)
            return self._hand_out(step, {n: c for n, c in contents.items() if c is not None})

    def carry(self, step: Step) -> Carried:
        """Start ``step`` with the learner's own work of the step before, merged into the starter.

        Where the step is started already, the merge goes into the learner's files, after a copy.
        """
        self.check_writable()
        before = self._step_before(step)
        mine = _contents(self.require_started(before))
        with locked(self.hidden / "start.lock"):
            fresh = not self.is_started(step)
            if fresh:
                self._refuse_existing(step)
            ours = _contents(step.path if fresh else self.folder(step))
            results = _carried(before, mine, ours, step.name)
            contents = _results(results, before.name)
            summary = f"start {step.number} --carry"
            if fresh:
                whole = {name: c for name, c in (ours | contents).items() if c is not None}
                self.backups.record_new((f"work/{step.name}/{n}" for n in whole), CARRY, summary)
                self._hand_out(step, whole)
            else:
                changes = {f"work/{step.name}/{name}": Change(c) for name, c in contents.items()}
                self.backups.replace(changes, CARRY, summary)
        return Carried.of(results)

    def _step_before(self, step: Step) -> Step:
        for before in self.course.steps:
            if before.number == step.number - 1:
                return before
        raise UserError(f"there is no step before step {step.number} to carry from")

    def _refuse_existing(self, step: Step) -> None:
        folder = self.folder(step)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            refuse_odd(self.course.root, folder / "wsgi.py")
        if self.is_started(step):
            raise UserError(
                f"work/{step.name} exists already, and is never overwritten:"
                f" `checker reset {step.number}` puts the starter there after a copy"
            )

    def _hand_out(self, step: Step, contents: Mapping[str, bytes]) -> Path:
        """Write a new step folder beside its place, then move it there as a whole."""
        import shutil

        folder = self.folder(step)
        unfinished = self.hidden / f"{step.name}.unfinished-{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        for name, content in contents.items():
            starter = step.path / name
            mode = starter.stat().st_mode & 0o777 if starter.exists() else None
            write(unfinished / name, content, None if mode is None else mode | 0o600)
        self._remember(step)
        if folder.is_dir():
            # Only caches, databases and editor files are in it: kept, out of the way
            folder.rename(self.hidden / f"{step.name}.aside-{time.time_ns()}")
        unfinished.rename(folder)
        return folder

    # Replacing

    def reset_exercise(self, exercise: Exercise) -> Copy | None:
        """Put the starter's version of the exercise's files back; ``None`` if they are that."""
        step = self.course.step_of(exercise)
        self.require_started(step)
        changes = {
            f"work/{step.name}/{name}": Change(_content(step.path / name)) for name in exercise.edit
        }
        return self.backups.replace(changes, "reset", f"reset {exercise.id}")

    def reset_step(self, step: Step) -> Copy | None:
        """Make the step's folder what was handed out; files the learner added go into the copy."""
        folder = self.require_started(step)
        starter = _contents(step.path)
        changes = {f"work/{step.name}/{name}": Change(None) for name in tree(folder)}
        changes |= {f"work/{step.name}/{name}": Change(c) for name, c in starter.items()}
        copy = self.backups.replace(changes, "reset", f"reset {step.number}")
        self._remember(step)
        return copy

    def apply_solution(self, exercise: Exercise) -> Copy | None:
        """Put the solution into the learner's folder, after a copy."""
        step = self.course.step_of(exercise)
        self.require_started(step)
        changes = {
            f"work/{step.name}/{name}": Change(_content(step.solutions / name))
            for name in exercise.edit
        }
        return self.backups.replace(changes, "solution", f"solution {exercise.id} --apply")

    def adopt(self, step: Step, edits: Mapping[str, tuple[bytes | None, bytes | None]]) -> Carried:
        """Move edits made in ``steps/`` to the learner's folder, and put the course's files back.

        ``edits`` maps a path inside the step to what the course has there and what was
        found there, ``None`` standing for no file. It is one copy: one undo takes it back.
        """
        folder = self.require_started(step)
        results: dict[str, Merged] = {}
        changes: dict[str, Change] = {}
        for name, (base, theirs) in edits.items():
            changes[f"steps/{step.name}/{name}"] = Change(base)
            if theirs is None:
                continue  # deleting the course's file says nothing about the learner's
            refuse_odd(self.course.root, folder / name)
            ours = read(folder / name)
            results[name] = merge(base, theirs, ours, f"edited in steps/{step.name}", "work")
        for name, content in _results(results, "steps").items():
            changes[f"work/{step.name}/{name}"] = Change(content)
        self.backups.replace(changes, "adopt", f"start {step.number} --adopt")
        return Carried.of(results)

    def undo(self, number: int | None = None) -> tuple[Copy, Copy]:
        """Bring a copy back; see :meth:`checker.backups.Backups.undo`."""
        return self.backups.undo(number)

    def exercises_in(self, copy: Copy) -> tuple[Exercise, ...]:
        """The exercises whose files are in ``copy``."""
        return tuple(
            exercise
            for exercise in self.course.exercises
            if any(f"work/{exercise.step_name}/{name}" in copy.files for name in exercise.edit)
        )

    # Keeping the learner's copy of the tests fresh

    def refresh(self, step: Step) -> Copy | None:
        """Bring the course's changed tests to the learner's ``exercises/``.

        Only files the course changed since it handed them out are touched. The answer is
        the copy of those that the learner had changed, if any.
        """
        given = self._given(step)
        now = {EXERCISES + name: content for name, content in _contents(step.tests).items()}
        if {n: d for n, d in given.items() if n.startswith(EXERCISES)} == _digests(now):
            return None
        folder = self.require_started(step)
        replaced: dict[str, Change] = {}
        fresh: dict[str, bytes] = {}
        for name, content in now.items():
            refuse_odd(self.course.root, folder / name)
            mine = read(folder / name)
            if mine == content or given.get(name) == _digest(content):
                continue
            if mine is None or given.get(name) == _digest(mine):
                fresh[name] = content
            else:
                replaced[f"work/{step.name}/{name}"] = Change(content)
        for name, content in fresh.items():
            write(folder / name, content)
        self._retire(folder, [name for name in given if name.startswith(EXERCISES)], now, given)
        copy = self.backups.replace(replaced, REFRESH, f"new tests for step {step.number}")
        self._remember(step)
        return copy

    def _retire(
        self,
        folder: Path,
        names: Iterable[str],
        now: Mapping[str, bytes],
        given: Mapping[str, str],
    ) -> None:
        """Take away tests the course no longer has, where the learner never changed them."""
        for name in names:
            if name not in now and _digest(read(folder / name) or b"") == given[name]:
                (folder / name).unlink()

    def _given_file(self, step: Step) -> Path:
        return self.hidden / "given" / f"{step.name}.json"

    def _remember(self, step: Step) -> None:
        """Note what the course hands out now, to know later what the learner changed."""
        write_json(self._given_file(step), _digests(_contents(step.path)))

    def _given(self, step: Step) -> dict[str, str]:
        try:
            given = json.loads(self._given_file(step).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return given if isinstance(given, dict) else {}


def solved(step: Step) -> dict[str, bytes]:
    """The step with every exercise solved: the starter with the solutions laid over."""
    contents = _contents(step.path)
    for exercise in step.exercises:
        for name in exercise.edit:
            contents[name] = _content(step.solutions / name)
    return contents


def _carried(
    before: Step, mine: Mapping[str, bytes], ours: Mapping[str, bytes], our_name: str
) -> dict[str, Merged]:
    """The learner's files of ``before`` merged into ``ours``: those that differ from ours by it."""
    base = solved(before)
    untouched = _contents(before.path)
    results: dict[str, Merged] = {}
    for name in sorted(set(base) | set(mine)):
        if name.startswith(NOT_CARRIED) or mine.get(name) == untouched.get(name):
            continue
        content = mine.get(name)
        if content is not None and _is_blocked(name, ours):
            why = (
                "this step has a folder and a file the other way round: your version lies beside it"
            )
            results[name.replace("/", "_")] = Merged(None, why, content)
            continue
        merged = merge(base.get(name), content, ours.get(name), f"yours, {before.name}", our_name)
        if merged.content != ours.get(name) or merged.conflict:
            results[name] = merged
    return results


def _is_blocked(name: str, ours: Mapping[str, bytes]) -> bool:
    """Whether ``name`` is a folder in ``ours``, or lies below what is a file there."""
    return any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in ours)


def _results(results: Mapping[str, Merged], origin: str) -> dict[str, bytes | None]:
    """What to write for merged files; a version that cannot be merged in goes beside its file."""
    contents: dict[str, bytes | None] = {}
    for name, merged in results.items():
        contents[name] = merged.content
        if merged.beside is not None:
            contents[f"{name}.from-{origin}"] = merged.beside
    return contents


def _contents(folder: Path) -> dict[str, bytes]:
    return {name: _content(path) for name, path in tree(folder).items()}


def _content(path: Path) -> bytes:
    if path.is_symlink():
        raise UserError(f"{path} is a symbolic link: put the real file there")
    return path.read_bytes()


def _digest(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()


def _digests(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: _digest(content) for name, content in contents.items()}
