"""A folder as data: what a step holds, a solution laid over it, two of them compared.

Every proof works on copies. A tree is read once, changed in memory, and written to a
temporary folder where it runs; nothing under ``steps/`` is ever run or written by a proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checker.course import Exercise, Step
from checker.files import tree as files_of

# Beside what every part of the checker ignores: settings of one machine, an open merge.
NOT_SHIPPED = (".env", ".rej")

# Each step has its own of these; they are the course's part, not the application's.
OWN_OF_A_STEP = ("step.toml", "tour.ipynb", "exercises/")
BESIDE_SOLUTIONS = ("mistakes/", "alternatives/", "mutants.toml")


@dataclass(frozen=True)
class Blob:
    """One file's bytes, and whether it may be executed."""

    data: bytes
    executable: bool = False


Tree = Mapping[str, Blob]


def read_tree(folder: Path) -> dict[str, Blob]:
    """Every file below ``folder`` by its relative path with forward slashes; empty if none."""
    return {
        name: Blob(path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for name, path in files_of(folder).items()
        if not name.endswith(NOT_SHIPPED)
    }


def write_tree(tree: Tree, folder: Path) -> None:
    for name, blob in tree.items():
        write_blob(folder / name, blob)


def write_blob(path: Path, blob: Blob) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(blob.data)
    mode = path.stat().st_mode
    path.chmod(mode | 0o111 if blob.executable else mode & ~0o111)


def digest(tree: Tree) -> str:
    """The same for two trees of the same content."""
    total = hashlib.sha256()
    for name in sorted(tree):
        blob = tree[name]
        total.update(f"{name}\0{blob.executable}\0{len(blob.data)}\0".encode())
        total.update(blob.data)
    return total.hexdigest()


def solution_part(solutions: Tree) -> dict[str, Blob]:
    """The files that solve, out of everything in a step's folder of solutions."""
    return without(solutions, BESIDE_SOLUTIONS)


def application(tree: Tree) -> dict[str, Blob]:
    """The part of a step that grows from one step to the next."""
    return without(tree, OWN_OF_A_STEP)


def helpers(tree: Tree) -> dict[str, Blob]:
    """What the tests in a step's ``exercises/`` stand on: everything there but the tests."""
    return {
        name: blob
        for name, blob in tree.items()
        if name.startswith("exercises/") and not PurePosixPath(name).match("test_*.py")
    }


def without(tree: Tree, parts: Sequence[str]) -> dict[str, Blob]:
    """``tree`` without these files, and without these folders: ``exercises/``."""
    names = {part for part in parts if not part.endswith("/")}
    folders = tuple(part for part in parts if part.endswith("/"))
    return {
        name: blob
        for name, blob in tree.items()
        if name not in names and not name.startswith(folders)
    }


def below(tree: Tree, folder: str) -> dict[str, Blob]:
    """The files under ``folder``, named relative to it."""
    prefix = folder.rstrip("/") + "/"
    return {name[len(prefix) :]: tree[name] for name in tree if name.startswith(prefix)}


def differing(one: Tree, other: Tree) -> list[str]:
    """The names of the files that are not the same in both trees."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def solved(step: Step) -> dict[str, Blob]:
    """The starter with every solution of the step laid over it."""
    return lay(read_tree(step.path), read_tree(step.solutions))


def lay(starter: Tree, solutions: Tree, only: Iterable[Exercise] | None = None) -> dict[str, Blob]:
    """``solutions`` over ``starter``: those of the exercises in ``only``, or else all."""
    part = solution_part(solutions)
    if only is not None:
        part = {name: part[name] for exercise in only for name in exercise.edit}
    return {**starter, **part}
