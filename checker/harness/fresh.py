"""Imports the learner's files from their source, always.

Python trusts a compiled copy of the same size and second as its source; an editor that
saves twice within a second would then have its first version checked.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from checker.harness.compiled import SHELF
from checker.harness.footprints import MARKED, note, watch_doors
from checker.harness.ground import Ground
from checker.harness.marks import LEFT


class _FromSource(SourceFileLoader):
    ground: Ground

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

    # It is a method of the loader that this one derives from, a static one of another base.
    def source_to_code(  # type: ignore[override]
        self, data: Any, path: Any, **options: Any
    ) -> CodeType:
        if not isinstance(data, bytes) or not isinstance(path, str):
            return super().source_to_code(data, path, **options)
        return SHELF.code("marked" if self.ground.marked(path) else "plain", data, path)

    def exec_module(self, module: ModuleType) -> None:
        if self.ground.marked(self.path):
            setattr(module, LEFT, partial(note, self.ground.relative(self.path)))
            MARKED.add(self.ground.key(self.path))
        super().exec_module(module)


def import_from_source(ground: Ground) -> None:
    """From here on, import what lies in its folders from source, and never write there.

    The files to edit say which of their functions was left last, to a
    :class:`~checker.harness.footprints.Walk` on the same ground.
    """
    loader: type[_FromSource] = type("_FromSourceOfGround", (_FromSource,), {"ground": ground})
    finder = FileFinder.path_hook((loader, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        real = Path(path).resolve()
        if not real.is_relative_to(ground.root) and not real.is_relative_to(ground.exercises):
            raise ImportError("neither the learner's nor the course's")
        return finder(path)

    sys.path_hooks.insert(0, hook)
    _import_by_path(ground, loader)
    watch_doors(ground)
    below = (str(ground.root), str(ground.exercises))
    for path in [path for path in sys.path_importer_cache if path.startswith(below)]:
        del sys.path_importer_cache[path]


def _import_by_path(ground: Ground, marking: type[_FromSource]) -> None:
    """The same for the files to edit that somebody imports by their path, as Alembic does."""
    plain = importlib.util.spec_from_file_location

    def spec_from_file_location(
        name: str, location: Any = None, *, loader: Any = None, **options: Any
    ) -> ModuleSpec | None:
        if loader is None and location is not None and ground.marked(str(location)):
            loader = marking(name, str(location))
        if loader is not None:
            options["loader"] = loader
        return plain(name, location, **options)

    importlib.util.spec_from_file_location = spec_from_file_location
