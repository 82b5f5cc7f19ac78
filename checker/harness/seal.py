"""Notices when the learner's code has changed the functions that tell of it.

Within one process nobody can be kept from doing so for good. Yet a function that was put in the
place of another is seen here, and what it answers is worth nothing.
"""

from __future__ import annotations

import base64
import gc
import json
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from types import FunctionType, ModuleType
from typing import Any

_SEALED = ("checker.harness", "world")
# As they were before the learner's code could put others in their places
_all, _map, _same, _held = all, map, operator.is_, gc.get_referents


class Seal:
    """Put on before anything of the learner's has run."""

    def __init__(self) -> None:
        found = list(_functions())
        self._places = [(owner, vars(owner), name, value) for owner, name, value in found]
        functions = [getattr(value, "__func__", value) for _, _, value in found]
        self._functions = [f for f in functions if isinstance(f, FunctionType)]
        self._codes = [f.__code__ for f in self._functions]
        self._owners = list(_by_owner(found))
        lengths = [len(_held(f)) for f in self._functions]
        # A function tells of its code first, and then of what else it holds.
        self._code_of_each = operator.itemgetter(0, *accumulate(lengths[:-1]))

    def broken(self) -> str | None:
        """The name of a function that is no more what it was."""
        return None if self._whole() else self._changed()

    def _whole(self) -> bool:
        """Whether nothing has changed, in a part of the time: it is asked after each answer.

        Each look at a function's code would call every audit hook; one at all that the
        functions hold does so once. False also where something harmless has changed.
        """
        try:
            for get, names, values in self._owners:
                if not _all(_map(_same, get(names), values)):
                    return False
            codes = self._code_of_each(_held(*self._functions))
        except (KeyError, IndexError):
            return False
        return _all(_map(_same, codes, self._codes))

    def _changed(self) -> str | None:
        for owner, names, name, value in self._places:
            if names.get(name) is not value:
                return f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
        for function, code in zip(self._functions, self._codes, strict=True):
            if function.__code__ is not code:
                return function.__qualname__
        return None


def _by_owner(
    found: Iterable[tuple[Any, str, object]],
) -> Iterator[tuple[Callable[[Any], tuple[Any, ...]], Mapping[str, Any], list[object]]]:
    """For each owner: what gets all its functions at once, from what, and which they are."""
    owners: dict[int, tuple[Any, dict[str, object]]] = {}
    for owner, name, value in found:
        owners.setdefault(id(owner), (owner, {}))[1][name] = value
    for owner, functions in owners.values():
        names = list(functions)
        get = operator.itemgetter(*names, names[0])  # a tuple also of one
        yield get, vars(owner), [*functions.values(), functions[names[0]]]


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
