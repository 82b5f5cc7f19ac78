"""Differences between two trees, as text that people read and ``git apply`` accepts."""

from __future__ import annotations

import difflib
import io
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checker.author.trees import Blob, Tree, application, differing, read_tree, solved, write_tree
from checker.course import Course, Step

Kind = Literal["added", "changed", "removed"]


class DoesNotApply(Exception):
    """A patch that cannot be applied; the message is what git said."""


@dataclass(frozen=True)
class FileChange:
    """One file that differs: ``reason`` is the manifest's, empty where it gives none."""

    path: str
    kind: Kind
    reason: str
    diff: str


def step_changes(course: Course, step: Step) -> list[FileChange]:
    """How the starter of ``step`` differs from the step before, solved. Nothing for the first."""
    before = [other for other in course.steps if other.number == step.number - 1]
    if not before:
        return []
    old, new = application(solved(before[0])), application(read_tree(step.path))
    return [
        FileChange(
            path=name,
            kind="added" if name not in old else "removed" if name not in new else "changed",
            reason=step.changes.get(name, ""),
            diff=file_diff(name, old.get(name), new.get(name)),
        )
        for name in differing(old, new)
    ]


def tree_diff(old: Tree, new: Tree) -> str:
    """A patch that makes ``new`` of ``old``; empty when they are the same."""
    return "".join(file_diff(name, old.get(name), new.get(name)) for name in differing(old, new))


def file_diff(name: str, old: Blob | None, new: Blob | None) -> str:
    """One file's unified diff, with ``a/`` and ``b/`` before the paths."""
    if _is_binary(old) or _is_binary(new):
        return f"Binary file {name} differs\n"
    lines = difflib.unified_diff(
        _lines(old),
        _lines(new),
        f"a/{name}" if old else "/dev/null",
        f"b/{name}" if new else "/dev/null",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def apply_patch(tree: Tree, patch: bytes) -> dict[str, Blob]:
    """``tree`` with a patch applied by git; :class:`DoesNotApply` says why it does not."""
    with tempfile.TemporaryDirectory(prefix="patch-") as name:
        folder = Path(name).resolve()
        write_tree(tree, folder)
        # Neither a repository around the temporary folder nor the author's settings matter.
        environment = {
            **os.environ,
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C",
        }
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-p1", "-"],
            cwd=folder,
            env=environment,
            input=patch,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise DoesNotApply(done.stderr.decode("utf-8", "replace").strip())
        return read_tree(folder)


def _is_binary(blob: Blob | None) -> bool:
    if blob is None:
        return False
    try:
        return "\0" in blob.data.decode("utf-8")
    except UnicodeDecodeError:
        return True


def _lines(blob: Blob | None) -> list[str]:
    # Not splitlines(): a form feed or a lone carriage return is no end of line to git.
    return [] if blob is None else list(io.StringIO(blob.data.decode("utf-8"), newline="\n"))
