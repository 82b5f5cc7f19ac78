"""Imports the learner's files from their source, always.

Python trusts a compiled copy of the same size and second as its source; an editor that
saves twice within a second would then have its first version checked.
"""

from __future__ import annotations

import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any


class _FromSource(SourceFileLoader):
    def path_stats(self, path: Any) -> Any:
        # Python looks for no compiled copy, and writes none, where this fails.
        raise OSError("the learner's files are read from source")

    def get_code(self, fullname: str) -> CodeType | None:
        try:
            return super().get_code(fullname)
        except (SyntaxError, ValueError) as error:
            # A null byte is reported without a file, and by older versions as a ValueError.
            if isinstance(error, SyntaxError) and error.filename:
                raise
            raise SyntaxError(str(error), (self.path, None, None, None)) from None


def import_from_source(root: Path) -> None:
    """From here on, import what lies below ``root`` from source, and never write there."""
    finder = FileFinder.path_hook((_FromSource, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        if not Path(path).resolve().is_relative_to(root):
            raise ImportError("not the learner's")
        return finder(path)

    sys.path_hooks.insert(0, hook)
    for path in [p for p in sys.path_importer_cache if Path(p).is_relative_to(root)]:
        del sys.path_importer_cache[path]
