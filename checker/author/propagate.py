"""Carries a fix made in one step through the steps after it.

A step's starter grows out of the step before it, solved. So a change to step N, solved,
is merged into what step N+1 has of the same file: its starter, its solution, its
alternatives. Step N+1, solved, may then have changed in turn, and is carried on. Last,
each mistake is a patch on the solution: it is made anew where the solution has changed.

The tests in ``exercises/`` stay with their step. What they stand on, ``world.py`` and the
like, is carried to the next step where both have it.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checker.author.diffs import DoesNotApply, apply_patch, tree_diff
from checker.author.trees import (
    Blob,
    Tree,
    application,
    below,
    differing,
    helpers,
    lay,
    read_tree,
    write_blob,
)
from checker.course import STEP_NAME
from checker.errors import UserError
from checker.merge import merge


@dataclass(frozen=True)
class Carried:
    """One file that a fix reached, below ``steps`` or ``solutions``.

    ``content`` is ``None`` where the file goes. With a ``conflict`` the file stays as it
    is, and ``content`` is the merge with its markers, or ``None`` where there can be none.
    """

    path: str
    content: Blob | None
    conflict: str = ""


@dataclass(frozen=True)
class StepTrees:
    """A step's two folders at one moment: at a commit, or as they are on disk."""

    starter: Tree
    solutions: Tree

    def solved(self) -> dict[str, Blob]:
        return application(lay(self.starter, self.solutions))


def propagate(root: Path, since: str, first: str, *, dry_run: bool = False) -> Iterator[Carried]:
    """Carry what changed since a commit, from the step called ``first`` on, step by step.

    Writes each clean merge. A conflict leaves the file alone and puts the merge with its
    markers beside it, as ``<file>.rej``. Raises :class:`UserError` where git cannot tell
    the state of the commit.
    """
    names = sorted(p.name for p in (root / "steps").iterdir() if STEP_NAME.fullmatch(p.name))
    steps = names[names.index(first) :]
    base = committed(root, since)
    now = {name: _on_disk(root, name) for name in steps}
    for name, following in zip(steps, [*steps[1:], None], strict=True):
        before = StepTrees(below(base, f"steps/{name}"), below(base, f"solutions/{name}"))
        if not before.starter:
            continue  # a step that is new since then: nothing in it is a fix
        for carried in _within(name, before, now[name]):
            now[name] = _after(now[name], name, carried)
            yield _written(root, carried, dry_run)
        if following is not None:
            for carried in _onward(name, following, before, now[name], now[following]):
                now[following] = _after(now[following], following, carried)
                yield _written(root, carried, dry_run)


def committed(root: Path, revision: str) -> dict[str, Blob]:
    """``steps/`` and ``solutions/`` as they were at a commit."""
    folders = [name for name in ("steps", "solutions") if _has(root, revision, name)]
    if not folders:
        raise UserError(
            f"git knows no steps/ at {revision!r}: name a commit of this repository, "
            "such as --since HEAD~1"
        )
    done = _git(root, "archive", "--format=tar", revision, *folders)
    if done.returncode:
        raise UserError(f"git archive {revision}: {done.stderr.decode('utf-8', 'replace').strip()}")
    tree = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                tree[member.name] = Blob(file.read(), bool(member.mode & 0o100))
    return tree


def _has(root: Path, revision: str, folder: str) -> bool:
    return _git(root, "cat-file", "-e", f"{revision}:./{folder}").returncode == 0


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", "-c", "core.autocrlf=false", *arguments],
        cwd=root,
        capture_output=True,
        check=False,
    )


def _on_disk(root: Path, name: str) -> StepTrees:
    return StepTrees(read_tree(root / "steps" / name), read_tree(root / "solutions" / name))


def _within(name: str, before: StepTrees, now: StepTrees) -> Iterator[Carried]:
    """A starter's fix reaches the solution of the same file; the solution's, what rests on it."""
    places: dict[str, Blob] = {}
    edited = differing(before.solutions, now.solutions)
    for path in differing(application(before.starter), application(now.starter)):
        if path in now.solutions:
            carried = _merged(
                f"solutions/{name}/{path}",
                f"step {name[:2]}'s starter",
                before.starter.get(path),
                now.starter.get(path),
                now.solutions[path],
            )
            if carried is None or (carried.conflict and path in edited):
                continue  # the author has mended the solution by hand
            yield carried
            if carried.content is not None and not carried.conflict:
                places[path] = carried.content
    now = StepTrees(now.starter, {**now.solutions, **places})
    yield from _alternatives(name, before, now)
    yield from _mistakes(name, before, now)


def _onward(
    name: str, following: str, before: StepTrees, now: StepTrees, later: StepTrees
) -> Iterator[Carried]:
    """What changed in a step, solved, reaches the starter and the solutions of the next one."""
    said = f"step {name[:2]} solved"
    old, new = before.solved(), now.solved()
    for path in differing(old, new):
        for place, ours in (
            (f"steps/{following}/{path}", later.starter.get(path)),
            (f"solutions/{following}/{path}", later.solutions.get(path)),
        ):
            if ours is None and (place.startswith("solutions/") or path in old):
                continue  # the next step has no solution of this file, or took the file out
            carried = _merged(place, said, old.get(path), new.get(path), ours)
            if carried is not None:
                yield carried
    old, new = helpers(before.starter), helpers(now.starter)
    for path in differing(old, new):
        # One that comes or goes does so for this step's exercises, not for the next one's.
        if path in old and path in new and path in later.starter:
            carried = _merged(
                f"steps/{following}/{path}",
                f"step {name[:2]}",
                old[path],
                new[path],
                later.starter[path],
            )
            if carried is not None:
                yield carried


def _alternatives(name: str, before: StepTrees, step: StepTrees) -> Iterator[Carried]:
    old, new = before.solved(), step.solved()
    for place, ours in below(step.solutions, "alternatives").items():
        path = "/".join(place.split("/")[2:])
        if path in old and path in new:
            carried = _merged(
                f"solutions/{name}/alternatives/{place}", "the solution", old[path], new[path], ours
            )
            # An answer that is written differently need not follow, as long as it passes.
            if carried is not None and not carried.conflict:
                yield carried


def _merged(
    place: str, said: str, base: Blob | None, theirs: Blob | None, ours: Blob | None
) -> Carried | None:
    """Bring the change from ``base`` to ``theirs`` into ``ours``; ``None`` if it is there."""
    if theirs in (base, ours):
        return None
    if ours == base:
        return Carried(place, theirs)
    if theirs is None:
        return Carried(place, None, f"{said} no longer has it, and this step has its own version")
    if ours is None:
        return Carried(place, None, f"{said} changed it, and this step does not have it")
    executable = ours.executable
    if base is not None and theirs.executable != base.executable:
        executable = theirs.executable
    merged = merge(base.data if base else None, theirs.data, ours.data, said, place)
    if merged.beside is not None:
        return Carried(place, None, f"{said} and this step both changed it, and it is no text")
    content = Blob(merged.content or b"", executable)
    if merged.conflict:
        return Carried(place, content, f"{said} and this step both changed the same lines")
    return Carried(place, content) if content != ours else None


def _mistakes(name: str, before: StepTrees, now: StepTrees) -> Iterator[Carried]:
    """Each mistake, as it was, with the solution's change brought into it."""
    old, new = before.solved(), now.solved()
    for place, patch in below(now.solutions, "mistakes").items():
        path = f"mistakes/{place}"
        if before.solutions.get(path) != patch:
            continue  # recorded since: it is on the new solution already
        try:
            wrong = apply_patch(old, patch.data)
        except DoesNotApply:
            continue  # it did not apply before the fix either; verify says so
        touched = differing(old, wrong)
        if all(old.get(file) == new.get(file) for file in touched):
            continue
        kept = {
            file: _merged(file, "the solution", old.get(file), new.get(file), wrong.get(file))
            for file in touched
        }
        where = f"solutions/{name}/{path}"
        if any(each is not None and each.conflict for each in kept.values()):
            yield Carried(where, None, "the fix touches the lines of this mistake: record it anew")
            continue
        mistaken: dict[str, Blob] = {**new}
        for file, each in kept.items():
            blob = wrong.get(file) if each is None else each.content
            if blob is not None:
                mistaken[file] = blob
            else:
                mistaken.pop(file, None)
        text = tree_diff(new, mistaken)
        if not text:
            yield Carried(where, None, "the solution makes this mistake now: take one of them back")
        elif text.encode("utf-8") != patch.data:
            yield Carried(where, Blob(text.encode("utf-8")))


def _after(trees: StepTrees, name: str, carried: Carried) -> StepTrees:
    """The step's two folders once ``carried`` is written."""
    if carried.conflict:
        return trees
    top, _, rest = carried.path.partition(f"/{name}/")
    changed: dict[str, Blob] = dict(trees.starter if top == "steps" else trees.solutions)
    if carried.content is None:
        changed.pop(rest, None)
    else:
        changed[rest] = carried.content
    if top == "steps":
        return StepTrees(changed, trees.solutions)
    return StepTrees(trees.starter, changed)


def _written(root: Path, carried: Carried, dry_run: bool) -> Carried:
    if dry_run:
        return carried
    path = root / carried.path
    if carried.conflict:
        if carried.content is not None:
            write_blob(path.with_name(path.name + ".rej"), carried.content)
    elif carried.content is None:
        path.unlink()
    else:
        write_blob(path, carried.content)
    return carried
