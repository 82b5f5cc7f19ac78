"""The learner's file as text and syntax tree, for the few rules that only reading can check."""

from __future__ import annotations

import ast
from functools import cached_property
from pathlib import Path

from checker.harness.errors import AuthorError, LoadError
from checker.harness.failure import Failure, Location
from checker.harness.ground import Ground
from checker.harness.loading import load_error


class Source:
    """One file. Raises :class:`LoadError` where it is missing or cannot be parsed."""

    def __init__(self, path: Path, ground: Ground) -> None:
        self.path = path
        self._ground = ground

    @cached_property
    def text(self) -> str:
        """The file's text, line breaks as ``\\n``."""
        name = self._ground.relative(str(self.path))
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise LoadError(Failure(f"{name} is missing", where=Location(name))) from None
        except UnicodeDecodeError as error:
            said = f"{name} is not UTF-8 text: byte {error.start} cannot be read"
            raise LoadError(Failure(said, where=Location(name))) from None

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax tree."""
        try:
            return ast.parse(self.text, str(self.path))
        except SyntaxError as error:
            raise load_error(error, self._ground) from None


def read(name: str, ground: Ground) -> Source:
    """The file ``name``, relative to the learner's folder."""
    path = (ground.root / name).resolve()
    if not path.is_relative_to(ground.root):
        raise AuthorError(f"source({name!r}): outside the learner's folder")
    return Source(path, ground)
