"""Takes a named piece out of a source file.

Never by line numbers: those drift, and a range that is out of range passes in silence. A
piece has a name, and a name that is gone stops the build.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
SECTION = re.compile(r"^\s*#\s*(?P<end>end )?section:\s*(?P<name>[\w-]+)\s*$")


class NoSuchPiece(LookupError):
    """A page asks for a symbol or a section that the file does not have."""


@dataclass(frozen=True)
class Piece:
    """A named part of a file: ``name`` is dotted for what lies within a class."""

    name: str
    text: str
    node: ast.stmt


def symbol(text: str, name: str, file: str) -> str:
    """The source of the function, class, method or assignment called ``name``.

    ``Book.title`` looks inside a class. Decorators, and the comment lines directly above,
    belong to it; the marks of sections do not. :class:`NoSuchPiece` lists what the file has.
    """
    pieces = {piece.name: piece for piece in definitions(text)}
    if name not in pieces:
        known = ", ".join(pieces) or "nothing that has a name"
        raise NoSuchPiece(f"{file} has no {name!r}; it has {known}")
    return pieces[name].text


def section(text: str, name: str, file: str) -> str:
    """The lines between ``# section: name`` and ``# end section: name``."""
    lines = text.splitlines()
    marks = [(number, match) for number, line in enumerate(lines) if (match := SECTION.match(line))]
    starts = [number for number, m in marks if m["name"] == name and not m["end"]]
    ends = [number for number, m in marks if m["name"] == name and m["end"]]
    if len(starts) != 1 or len(ends) != 1 or starts[0] > ends[0]:
        known = ", ".join(sorted({m["name"] for _, m in marks})) or "none"
        raise NoSuchPiece(
            f"{file} has no section {name!r} with one start and one end; its sections are {known}"
        )
    return dedent(_without_marks(lines[starts[0] + 1 : ends[0]])).strip("\n")


def definitions(text: str) -> Iterator[Piece]:
    """Every named piece of a Python file, in order: top-level ones and those in classes."""
    lines = text.splitlines()
    yield from _within(ast.parse(text).body, lines, prefix="")


def _within(body: list[ast.stmt], lines: list[str], prefix: str) -> Iterator[Piece]:
    for node in body:
        for name in _names(node):
            yield Piece(prefix + name, _source(node, lines), node)
        if isinstance(node, ast.ClassDef):
            yield from _within(node.body, lines, prefix=f"{prefix}{node.name}.")


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case _:
            return []


def _source(node: ast.stmt, lines: list[str]) -> str:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while first > 0 and lines[first - 1].strip().startswith("#"):
        first -= 1
    return dedent(_without_marks(lines[first : node.end_lineno]))


def _without_marks(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not SECTION.match(line))
