"""Whose file is it? Tells the learner's code from the course's and the libraries'."""

from __future__ import annotations

import ast
import os
import re
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath
from types import CodeType, TracebackType
from typing import Literal

from checker.harness.errors import Blame
from checker.harness.failure import Location

Owner = Literal["learner", "course", "library"]
DETAILS = 12_000


class Ground:
    """The learner's folder and the course's exercises beside or within it.

    ``edit`` are the files that an exercise asks for, relative to ``root``; may be empty.
    ``seen`` is the learner's folder as the app's process sees it, where that is another path.
    """

    def __init__(
        self,
        root: Path,
        exercises: Path,
        edit: tuple[str, ...] = (),
        seen: Path | None = None,
    ) -> None:
        self.root = root.resolve()
        self.seen = seen or self.root
        self.exercises = exercises.resolve()
        self._owners: dict[str, Owner] = {}
        self._marked: set[str] = set()
        self.turn_to(edit)

    def turn_to(self, edit: tuple[str, ...]) -> None:
        """An exercise begins that asks for these files; those of the ones before stay marked."""
        self.edit = edit
        self._edited = {self.key(str(self.root / name)) for name in edit}
        self._marked |= self._edited

    def owner(self, filename: str) -> Owner:
        """Whose code a file holds. A library is whatever lies in neither folder."""
        known = self._owners.get(filename)
        if known is None:
            known = self._owners[filename] = self._owner(filename)
        return known

    def edited(self, filename: str) -> bool:
        """Whether an exercise asks for this file."""
        return self.key(filename) in self._edited

    def marked(self, filename: str) -> bool:
        """Whether this or an earlier exercise asks for this file."""
        return self.key(filename) in self._marked

    def relative(self, filename: str) -> str:
        """The file as the learner knows it: from the step's folder, with forward slashes."""
        path = Path(os.path.realpath(filename))
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.name

    def frames(self, trace: TracebackType | None) -> Iterator[tuple[Owner, CodeType, int]]:
        """Each frame of a traceback, outermost first, with its owner and line."""
        while trace is not None:
            code = trace.tb_frame.f_code
            yield self.owner(code.co_filename), code, trace.tb_lineno
            trace = trace.tb_next

    def blame(self, error: BaseException) -> tuple[Blame, Location | None]:
        """Who raised ``error``, and the learner's innermost frame.

        A library raises on behalf of whoever called it last. What a file to edit asked for,
        and another file of the learner's then raised, is the business of the file to edit. A
        file that cannot be read has no frame: the error itself names it.
        """
        if isinstance(error, SyntaxError) and self.owner(error.filename or "") == "learner":
            return "learner", Location(self.relative(error.filename or ""), error.lineno)
        blame: Blame = "course"
        where: Location | None = None
        in_edit = False
        for owner, code, line in self.frames(error.__traceback__):
            if owner == "learner":
                blame = "learner"
                edited = self.edited(code.co_filename)
                if edited or not in_edit:
                    where = Location(self.relative(code.co_filename), line, spoken(code))
                in_edit = in_edit or edited
            elif owner == "course":
                blame = "course"
        return blame, where

    def own_frames(self, error: BaseException) -> bool:
        """Whether the learner's or the course's code has any part in the traceback."""
        return any(owner != "library" for owner, _, _ in self.frames(error.__traceback__))

    def definition(self, place: Location) -> Location:
        """``place``, a function's first line, moved from its decorator to its ``def``.

        A lambda has the name of what it stands in.
        """
        around: str | None = None
        for node in self._definitions(str(self.root / place.file)):
            if place.line == min([node.lineno, *(d.lineno for d in node.decorator_list)]):
                return Location(place.file, node.lineno, place.function)
            if node.lineno <= (place.line or 0) <= (node.end_lineno or 0):
                around = node.name
        return replace(place, function=around) if place.function == "<lambda>" else place

    def first_definition(self, file: str | None = None) -> Location | None:
        """The first function or class of ``file``, or the file itself.

        Without one it is the first file to edit.
        """
        name = file or next(iter(self.edit), None)
        if name is None:
            return None
        node = next(self._definitions(str(self.root / name)), None)
        return Location(name) if node is None else Location(name, node.lineno, node.name)

    def suite(self) -> Location | None:
        """The first file to edit that holds tests, by its name."""
        names = (name for name in self.edit if PurePosixPath(name).name.startswith("test_"))
        name = next(names, None)
        return None if name is None else Location(name)

    def definition_named(self, file: str, name: str | None) -> Location | None:
        """The first function or class of ``file`` that has this ``name``."""
        nodes = (n for n in self._definitions(str(self.root / file)) if n.name == name)
        node = next(nodes, None)
        return None if node is None else Location(file, node.lineno, node.name)

    def definition_with(self, file: str, word: str) -> Location | None:
        """The smallest function or class of ``file`` in which ``word`` stands."""
        try:
            lines = (self.root / file).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None
        nodes = [
            node
            for node in self._definitions(str(self.root / file))
            if any(word in line for line in lines[node.lineno - 1 : node.end_lineno])
        ]
        if not nodes:
            return None
        node = min(nodes, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
        return Location(file, node.lineno, node.name)

    def named_in(self, text: str) -> Location | None:
        """A line of a file to edit that ``text`` names, or else what it names first of them.

        Words that are also plain words (``page``) name nothing.
        """
        words = re.findall(r"[A-Za-z_]\w*", text)
        found: list[tuple[int, Location]] = []
        for name in self.edit:
            line = re.search(rf"\b{re.escape(name)}:(\d+)", text)
            if line is not None:
                return Location(name, int(line[1]))
            for node in self._definitions(str(self.root / name)):
                is_a_name = "_" in node.name or node.name[0].isupper()
                if is_a_name and node.name in words:
                    place = Location(name, node.lineno, node.name)
                    found.append((words.index(node.name), place))
        return min(found, key=lambda one: one[0])[1] if found else None

    def _definitions(
        self, filename: str
    ) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        path = Path(filename)
        try:
            if not path.resolve().is_relative_to(self.root) or not path.is_file():
                return
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node

    def _owner(self, filename: str) -> Owner:
        path = Path(os.path.realpath(filename))
        if "site-packages" in path.parts or filename.startswith("<"):  # or made by a library
            return "library"
        if path.is_relative_to(self.exercises) or path.is_relative_to(self.root / "exercises"):
            return "course"
        return "learner" if path.is_relative_to(self.root) else "library"

    @property
    def modules(self) -> frozenset[str]:
        """The Python files among those to edit, each by its key."""
        return frozenset(name for name in self._edited if name.endswith(".py"))

    @staticmethod
    @cache
    def key(filename: str) -> str:
        """A file's one name, whichever way it was reached; asked often, and links take time."""
        return os.path.normcase(os.path.realpath(filename))


def spoken(code: CodeType) -> str | None:
    """A function's name for a reader: none for a module's own lines."""
    return None if code.co_name == "<module>" else code.co_name


def details(error: BaseException) -> str:
    """The whole traceback, its end kept where it is huge."""
    text = "".join(traceback.format_exception(error))
    return text if len(text) <= DETAILS else "…\n" + text[-DETAILS:]
