"""Sending a test's ``inside`` function to the app's process, as source."""

from __future__ import annotations
import __future__ as future

import ast
import builtins
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import CodeType, ModuleType
from typing import Any

from checker.harness.errors import AuthorError
from checker.harness.words import shown

_GIVEN = {"__name__", "__file__", "__builtins__", "__annotations__", "__doc__"}


@dataclass(frozen=True)
class Shipped:
    """One self-contained function: everything it needs is in ``source``."""

    name: str
    source: str
    file: str
    line: int

    def load(self) -> Callable[..., Any]:
        """The function again, in a namespace of its own."""
        space: dict[str, Any] = {"__name__": "inside", "__file__": self.file}
        exec(_compiled(self), space)  # noqa: S102 - the course's own function, by design
        function: Callable[..., Any] = space[self.name]
        return function

    def borrowed(self) -> list[str]:
        """The names it uses but does not bring along, sorted."""
        code = _compiled(self)
        used = set(_names(code, ("LOAD_GLOBAL", "LOAD_NAME")))
        made = set(_names(code, ("STORE_GLOBAL", "STORE_NAME"))) | _GIVEN
        return sorted(used - made - set(vars(builtins)))


def ship(function: Callable[..., Any]) -> Shipped:
    """Wrap up ``function``; :class:`AuthorError` where it cannot travel."""
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise AuthorError(f"inside() takes a function made with def, not {shown(function)}")
    return _wrapped(function)


def ship_all(module: ModuleType) -> None:
    """Wrap up what may travel of a test's ``module``: it takes long, and is remembered."""
    for name, value in list(vars(module).items()):
        if name.startswith("test_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            with suppress(AuthorError):
                ship(value)


@cache
def _wrapped(function: Callable[..., Any]) -> Shipped:
    try:
        lines, line = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        raise AuthorError(f"inside({function.__name__}): no source to send: {error}") from None
    file = inspect.getsourcefile(function) or "<inside>"
    shipped = Shipped(function.__name__, textwrap.dedent("".join(lines)), file, line)
    borrowed = shipped.borrowed()
    if borrowed:
        raise AuthorError(
            f"inside({shipped.name}) uses {', '.join(borrowed)} from its test module: it runs in"
            " the app's process, so import within the function and pass values as arguments"
        )
    return shipped


def plain(value: Any, what: str) -> Any:
    """``value`` as it comes out at the other end of JSON.

    Raises ``TypeError`` that names the value where it is no plain data.
    """
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} is not plain data (JSON): {shown(value)} ({error})") from None


@cache
def _compiled(shipped: Shipped) -> CodeType:
    # Annotations stay text: they may name what only the test's module has imported.
    flags = future.annotations.compiler_flag
    tree = ast.parse(shipped.source, shipped.file)
    ast.increment_lineno(tree, shipped.line - 1)
    code: CodeType = compile(tree, shipped.file, "exec", flags=flags, dont_inherit=True)
    return code


def _names(code: CodeType, operations: tuple[str, ...]) -> Iterator[str]:
    import dis

    for instruction in dis.get_instructions(code):
        if instruction.opname in operations:
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant, operations)
