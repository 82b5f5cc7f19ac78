"""The skeleton of a new exercise: it loads at once, and verify lists what is left to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from checker.course import EXERCISE_ID, Course, Step
from checker.errors import UserError

MODULE = '''"""TODO: what this module is for.

TODO: the contract, whole: inputs, outputs, errors, the odd cases. What, never how.
"""
'''

TEST = '''"""Exercise {id}: {title}."""


def test_it_answers(client):
    answer = client.get("/api/v1/TODO")

    assert answer.status_code == 200, f"TODO: asked for this, and got a {{answer.status_code}}"
'''


def add_exercise(
    course: Course, step: Step, identity: str, title: str, edit: str | None
) -> list[Path]:
    """Make the files of a new exercise and its table in the manifest; the files made.

    ``edit`` may name a file that the starter has; else a stub is made, by default in
    ``app/<title>.py``. Raises :class:`UserError` where the exercise cannot be added.
    """
    edit = edit or f"app/{_module_name(title)}.py"
    _refuse(course, step, identity, edit)
    made = list(_files(step, identity, title, edit))
    for path, text in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    manifest = step.path / "step.toml"
    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    _exercises(document).append(_table(step, identity, title, edit))
    if step.path / edit in [path for path, _ in made] and step.number > 1:
        document.setdefault("changes", tomlkit.table())[edit] = f"TODO: why {identity} needs it"
    manifest.write_text(tomlkit.dumps(document), encoding="utf-8", newline="\n")
    return [*(path for path, _ in made), manifest]


def _refuse(course: Course, step: Step, identity: str, edit: str) -> None:
    match = EXERCISE_ID.fullmatch(identity)
    if match is None or int(match["step"]) != step.number:
        raise UserError(f"{identity!r} is no id of step {step.number}, such as {step.number}.7")
    taken = {exercise.id: exercise for exercise in course.exercises}
    if identity in taken:
        raise UserError(f"there is an exercise {identity} already: {taken[identity].title}")
    path = PurePosixPath(edit)
    if path.is_absolute() or ".." in path.parts or "\\" in edit:
        raise UserError(f"{edit!r} must be a path inside the step, with forward slashes")
    for exercise in step.exercises:
        if edit in exercise.edit:
            raise UserError(
                f"{edit} belongs to exercise {exercise.id} already: two exercises of a step never "
                "edit the same file; name another one with --edit"
            )


def _files(step: Step, identity: str, title: str, edit: str) -> Iterator[tuple[Path, str]]:
    stub = MODULE
    if (step.path / edit).is_file():
        stub = (step.path / edit).read_text(encoding="utf-8")
    else:
        yield step.path / edit, stub
    yield step.solutions / edit, stub
    yield step.tests / _test(identity, title), TEST.format(id=identity, title=title)


def _exercises(document: tomlkit.TOMLDocument) -> AoT:
    if not isinstance(document.get("exercise"), AoT):
        document["exercise"] = tomlkit.aot()
    found: Any = document["exercise"]
    return found  # type: ignore[no-any-return]


def _table(step: Step, identity: str, title: str, edit: str) -> Table:
    table = tomlkit.table()
    table["id"] = identity
    table["title"] = title
    table["minutes"] = 20
    table["edit"] = [edit]
    table["test"] = _test(identity, title)
    table["points"] = 10
    table["covers"] = [f"{step.number}.0"]  # no claim is called so: verify asks for one
    table["hints"] = _lines(
        [
            "TODO: a question that points the way.",
            "TODO: the names of what is needed.",
            "TODO: the steps, in order, without the code.",
        ]
    )
    table["guards"] = []
    starter = tomlkit.inline_table()
    starter.update({"test": "test_it_answers", "says": "TODO: asked for this"})
    table["starter"] = starter
    table["mistakes"] = tomlkit.table()
    table.trivia.indent = "\n"  # an empty line before it
    return table


def _lines(texts: list[str]) -> tomlkit.items.Array:
    array = tomlkit.array()
    array.extend(texts)
    return array.multiline(True)


def _test(identity: str, title: str) -> str:
    return f"test_{identity.replace('.', '_')}_{_module_name(title)}.py"


def _module_name(title: str) -> str:
    """A title as the name of a module: ``Lifecycle hooks`` is ``lifecycle_hooks``."""
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    if not name:
        raise UserError(f"{title!r} makes no name for a test: give the title a word")
    return name
