"""The instructor's own tests, beside the course's: ``--extra-tests``.

A file ``test_*.py`` below a folder called after a step is an exercise of that step. Its title is
the first line of its docstring, its worth the number in ``POINTS``, 10 where there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.course import Course, Exercise, Expected, NotFound, Step
from checker.errors import UserError

_POINTS = 10


@dataclass(frozen=True)
class HiddenTest:
    """One file: ``name`` is its own, ``step`` that of the step it belongs to."""

    step: str
    name: str
    content: bytes
    title: str
    points: int

    @property
    def id(self) -> str:
        """Such as ``1.caching``: the step's number, and what the file is called after."""
        called = self.name.removeprefix("test_").removesuffix(".py")
        return f"{int(self.step[:2])}.{called}"

    def exercise(self, folder: Path, guards: tuple[str, ...] = ()) -> Exercise:
        """As an exercise whose test lies in ``folder``."""
        return Exercise(
            id=self.id,
            title=self.title,
            minutes=0,
            edit=(),
            test=str((folder / self.step / self.name).resolve()),
            points=self.points,
            covers=(),
            hints=("", "", ""),
            guards=guards,
            starter=Expected("", ""),
            mistakes={},
            local="",
            mutants="",
            step_name=self.step,
        )


def read_hidden(folder: Path, course: Course) -> tuple[HiddenTest, ...]:
    """Every test below ``folder``; :class:`UserError` says where one should have been."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: --extra-tests takes the one your tests are in")
    loose = sorted(path.name for path in folder.glob("test_*.py"))
    example = course.steps[0].name
    if loose:
        raise UserError(
            f"{folder / loose[0]} belongs to no step: put it in a folder called after one,"
            f" such as {folder / example}"
        )
    found = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(inner.glob("test_*.py"))
        if not files:
            continue
        try:
            step = course.step(inner.name)
        except NotFound as error:
            raise UserError(f"{inner}: {error}") from error
        found += [_read(file, step) for file in files]
    if not found:
        raise UserError(f"{folder} holds no tests: write {folder / example / 'test_mine.py'}")
    return tuple(found)


def contents(tests: tuple[HiddenTest, ...], step: str) -> Mapping[str, bytes]:
    return {test.name: test.content for test in tests if test.step == step}


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _read(file: Path, step: Step) -> HiddenTest:
    content = file.read_bytes()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{file} does not load: {error}") from error
    words = (ast.get_docstring(tree) or "").splitlines()
    title = words[0].strip().rstrip(".") if words else ""
    points: object = _POINTS
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="POINTS")], value=value):
                points = _literal(value)
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        raise UserError(f"{file}: POINTS must be a whole number of at least 1, not {points!r}")
    return HiddenTest(step.name, file.name, content, title or file.stem, points)
