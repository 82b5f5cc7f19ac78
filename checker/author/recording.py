"""Recording a mistake: the author writes it down once, as code; the patch and the words follow."""

from __future__ import annotations

import difflib
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from checker.author.bench import Bench
from checker.author.diffs import DoesNotApply, apply_patch, tree_diff
from checker.author.proofs.common import described
from checker.author.trees import Tree, read_tree, solved, write_tree
from checker.course import Course, Exercise, Expected
from checker.errors import UserError

NAME = re.compile(r"[a-z][a-z0-9_]*")
RUNS = 3  # as many samples of a message tell what is random in it


@dataclass(frozen=True)
class Recorded:
    """A mistake that is written down: its patch, and what the learner reads."""

    patch: Path
    expected: Expected


def draft_folder(course: Course, exercise: Exercise, name: str) -> Path:
    """Where the author writes the mistake, before it is recorded."""
    if NAME.fullmatch(name) is None:
        raise UserError(f"{name!r} is no name for a mistake: write it like forgets_errors")
    return course.root / "work" / ".mistakes" / exercise.id / name


def open_draft(course: Course, exercise: Exercise, name: str) -> Path:
    """Lay out the exercise's solution to be spoilt, with the mistake in it if it is known."""
    folder = draft_folder(course, exercise, name)
    step = course.step_of(exercise)
    tree = solved(step)
    patch = step.solutions / _patch(exercise, name)
    if patch.is_file():
        # Where it no longer applies, the author begins again from what the solution is now.
        with suppress(DoesNotApply):
            tree = apply_patch(tree, patch.read_bytes())
    write_tree({file: tree[file] for file in exercise.edit}, folder)
    return folder


def record(bench: Bench, exercise: Exercise, name: str) -> Recorded:
    """Make the patch of the draft, run it, and declare the words in the manifest.

    Raises :class:`UserError` where the draft is no mistake yet; nothing is written then.
    """
    folder = draft_folder(bench.course, exercise, name)
    step = bench.course.step_of(exercise)
    right = bench.solved(step)
    draft = read_tree(folder)
    others = sorted(set(draft) - set(exercise.edit))
    if others:
        raise UserError(f"{folder / others[0]} is no file that {exercise.id} edits: take it out")
    wrong = {**right, **draft}
    text = tree_diff(right, wrong)
    if not text:
        raise UserError(f"nothing is changed yet in {folder}: make the mistake there")
    expected = _words(bench, exercise, wrong)
    path = step.solutions / _patch(exercise, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    _declare(step.path / "step.toml", exercise.id, name, expected)
    shutil.rmtree(folder)
    return Recorded(path, expected)


def _words(bench: Bench, exercise: Exercise, wrong: Tree) -> Expected:
    """The first failure, which is what the screen shows, in words that hold each time."""
    test, messages = "", []
    for _ in range(RUNS):
        verdict = bench.check_anew(wrong, exercise)
        if verdict.state == "solved":
            raise UserError(
                f"{exercise.id} passes with this mistake: a case is missing in "
                f"{exercise.test}; add it, then run this again"
            )
        failed = [each for each in verdict.tests if each.outcome == "failed" and each.failure]
        if verdict.state != "not_yet" or not failed or not failed[0].failure:
            raise UserError(f"no test judges this mistake: {described(verdict)}")
        test = test or failed[0].name
        messages += [each.failure.message for each in failed if each.name == test and each.failure]
    return Expected(test, generalised(messages))


def _declare(manifest: Path, identity: str, name: str, expected: Expected) -> None:
    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    entry = tomlkit.inline_table()
    entry.update({"test": expected.test, "says": expected.says})
    for exercise in document.get("exercise", []):
        if exercise["id"] == identity:
            exercise["mistakes"][name] = entry
    manifest.write_text(tomlkit.dumps(document), encoding="utf-8", newline="\n")


def generalised(messages: list[str]) -> str:
    """What the messages share, with ``…`` where they differ."""
    common = messages[0]
    for message in messages[1:]:
        one, other = _tokens(common), _tokens(message)
        matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
        pieces: list[str] = []
        for tag, start, end, _, _ in matcher.get_opcodes():
            if tag == "equal":
                pieces += one[start:end]
            elif not pieces or pieces[-1] != "…":
                pieces.append("…")
        common = "".join(pieces)
    return re.sub("…+", "…", common)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text)


def _patch(exercise: Exercise, name: str) -> str:
    return f"mistakes/{exercise.id}/{name}.patch"
