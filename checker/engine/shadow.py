"""Files of the learner's that stand in the way of a module everybody else imports."""

from __future__ import annotations

import sys
from collections.abc import Container
from pathlib import Path


def shadowing(root: Path, late: Container[str] = ()) -> list[str]:
    """A warning for each file of ``root`` that has the name of a library's module.

    What came ``late``, with tests that are here already, does not count. To be asked before
    anything of the learner's is imported. Here the library was first and the check may well
    pass; in a fresh interpreter the learner's file is first.
    """
    warnings = []
    for path in sorted(root.iterdir()):
        package = path.is_dir() and (path / "__init__.py").is_file()
        if not package and path.suffix != ".py":
            continue
        owner = _owner(path.stem, root, late)
        if owner is not None:
            warnings.append(
                f"{path.name} has the name of {owner}: `flask run` would import yours in its"
                " place; rename it"
            )
    return warnings


def _owner(name: str, root: Path, late: Container[str]) -> str | None:
    if name in sys.stdlib_module_names:
        return "a module of Python itself"
    file = getattr(sys.modules.get(name), "__file__", None)
    if name in late or file is None or Path(file).is_relative_to(root):
        return None
    return f"the library {name}"
