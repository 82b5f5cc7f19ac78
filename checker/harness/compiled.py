"""Code that is compiled once for the same source, and not again in every check.

A warm process keeps it for the processes that it forks. What a file holds now decides what
runs: code is found by the whole of its source, never by a file's name or time.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from pathlib import Path
from types import CodeType
from typing import Literal

from checker.harness.marks import marked

Kind = Literal["plain", "marked", "rewritten"]
"""As it stands; with the marks of :mod:`checker.harness.marks`; with the asserts of pytest's."""

_MOST = 1000
_LONGEST = 1 << 20


class Shelf:
    """Code by its source. ``missing`` are the files that it had nothing for, each with its kind."""

    def __init__(self) -> None:
        self._codes: OrderedDict[tuple[Kind, bytes], CodeType] = OrderedDict()
        self.missing: list[tuple[Kind, str]] = []

    def code(self, kind: Kind, source: bytes, filename: str) -> CodeType:
        """The code of ``filename``, which holds ``source``; raises what ``compile`` does."""
        code = self._codes.get((kind, source))
        if code is not None:
            return code if code.co_filename == filename else _moved(code, filename)
        code = _compiled(kind, source, filename)
        self.missing.append((kind, filename))
        return code

    def add(self, kind: Kind, file: Path) -> None:
        """Keep the code of ``file``, which somebody else has compiled without harm."""
        try:
            if not file.is_file() or file.stat().st_size > _LONGEST:
                return
            source = file.read_bytes()
            if (kind, source) not in self._codes:
                self._codes[kind, source] = _compiled(kind, source, str(file))
        except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
            return  # it is another one by now
        if len(self._codes) > _MOST:
            self._codes.popitem(last=False)


SHELF = Shelf()
"""That of this process."""


def rewritten(source: bytes, filename: str) -> CodeType:
    """A test file with asserts that know what they compared."""
    return SHELF.code("rewritten", source, filename)


def _compiled(kind: Kind, source: bytes, filename: str) -> CodeType:
    if kind == "plain":
        code: CodeType = compile(source, filename, "exec", dont_inherit=True)
        return code
    if kind == "marked":
        tree = marked(source, filename)
    else:
        from _pytest.assertion.rewrite import rewrite_asserts

        tree = ast.parse(source, filename)
        rewrite_asserts(tree, source, filename)
    return compile(tree, filename, "exec", dont_inherit=True)


def _moved(code: CodeType, filename: str) -> CodeType:
    """The same code, of another file."""
    within = tuple(
        _moved(value, filename) if isinstance(value, CodeType) else value
        for value in code.co_consts
    )
    return code.replace(co_filename=filename, co_consts=within)
