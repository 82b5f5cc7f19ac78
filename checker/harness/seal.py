"""Notices when the learner's code has changed the functions that tell of it.

Within one process nobody can be kept from doing so for good. Yet a function that was put in the
place of another is seen here, and what it answers is worth nothing.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

_SEALED = ("checker.harness", "world")


class Seal:
    """Put on before anything of the learner's has run."""

    def __init__(self) -> None:
        found = list(_functions())
        self._places = [(owner, vars(owner), name, value) for owner, name, value in found]
        functions = [getattr(value, "__func__", value) for _, _, value in found]
        self._codes = [(f, f.__code__) for f in functions if isinstance(f, FunctionType)]

    def broken(self) -> str | None:
        """The name of a function that is no more what it was."""
        for owner, names, name, value in self._places:
            if names.get(name) is not value:
                return f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
        for function, code in self._codes:
            if function.__code__ is not code:
                return function.__qualname__
        return None


def _functions() -> Iterator[tuple[Any, str, object]]:
    """Each function by the module or class that it lies in."""
    for module_name, module in list(sys.modules.items()):
        ours = any(module_name == name or module_name.startswith(f"{name}.") for name in _SEALED)
        if ours and isinstance(module, ModuleType):
            for name, value in list(vars(module).items()):
                if isinstance(value, FunctionType | type):
                    yield module, name, value
                if isinstance(value, type) and value.__module__ == module_name:
                    for inner, method in list(vars(value).items()):
                        if isinstance(method, FunctionType | classmethod | staticmethod | property):
                            yield value, inner, method
    for library in (json, base64):
        for name in library.__all__:
            yield library, name, getattr(library, name)
