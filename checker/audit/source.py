"""A Python file as a tree, with the few questions that rules ask of it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from checker.audit.hits import Hit, Severity

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
METHODS = ("get", "post", "put", "patch", "delete")
FOR_DEVELOPMENT = re.compile(
    # As a word of its own: is_dev, test_app, and neither device nor latest
    r"(?i:(?:^|[\W_])(?:dev|devel\w*|tests?|testing|local|debug|examples?|samples?)(?:$|[\W_]))"
    r"|(?:Dev|Devel[a-z]*|Tests?|Testing|Local|Debug|Example|Sample)(?=[A-Z_]|$)"
)


class PyFile:
    """Parsed on the spot: raises what :func:`ast.parse` raises."""

    def __init__(self, name: str, text: str) -> None:
        import warnings

        self.name = name
        self.text = text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in strings, of no interest here
            self.tree = ast.parse(text)
        self._parents: dict[ast.AST, ast.AST] = {}
        self._given: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self._by_type: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        for node in ast.walk(self.tree):
            self._by_type[type(node)].append(node)
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
        self._aliases = dict(self._find_aliases())

    def _find_aliases(self) -> Iterator[tuple[str, str]]:
        for plain in self.all(ast.Import):
            for alias in plain.names:
                yield (
                    (alias.asname or alias.name.partition(".")[0]),
                    (alias.name if alias.asname else alias.name.partition(".")[0]),
                )
        for node in self.all(ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}"

    @cached_property
    def imported(self) -> set[str]:
        found = {
            alias.name.partition(".")[0] for node in self.all(ast.Import) for alias in node.names
        }
        return found | {
            (node.module or "").partition(".")[0]
            for node in self.all(ast.ImportFrom)
            if not node.level
        }

    def all(self, kind: type[Node]) -> list[Node]:
        return self._by_type[kind]  # type: ignore[return-value]  # kept by exactly this type

    def functions(self) -> list[Function]:
        return [*self.all(ast.FunctionDef), *self.all(ast.AsyncFunctionDef)]

    def qual(self, node: ast.AST) -> str:
        """The full dotted name that an expression stands for: ``flask.Flask``, or ""."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self._aliases.get(node.id, node.id))
        return ".".join(reversed(parts))

    def is_imported(self, name: str) -> bool:
        """Whether the first part of a name came in by an import."""
        return name in self._aliases

    def calls_of(self, *names: str) -> list[ast.Call]:
        """All calls of these full names, in the order of the file for each name."""
        return [call for name in dict.fromkeys(names) for call in self._called.get(name, ())]

    @cached_property
    def _called(self) -> dict[str, list[ast.Call]]:
        found = defaultdict(list)
        for call in self.all(ast.Call):
            found[self.qual(call.func)].append(call)
        return dict(found)

    def calls(self, *names: str) -> int:
        return len(self.calls_of(*names))

    def calls_by_name(self) -> list[str]:
        """The last names of all that is called: a project may wrap ``render_template``."""
        return [self.qual(call.func).rpartition(".")[2] for call in self.all(ast.Call)]

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """All that a node is in, from the inside out."""
        parent = self._parents.get(node)
        while parent is not None:
            yield parent
            parent = self._parents.get(parent)

    def function_of(self, node: ast.AST) -> Function | None:
        for outer in self.above(node):
            if isinstance(outer, Function):
                return outer
        return None

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        for outer in self.above(node):
            if isinstance(outer, ast.ClassDef):
                return outer
        return None

    def guarded(self, node: ast.AST) -> bool:
        """Whether it runs only where the file is started as a program."""
        return any(
            isinstance(outer, ast.If) and "__name__" in names_in(outer.test)
            for outer in self.above(node)
        )

    def at_import(self, node: ast.AST) -> bool:
        """Whether it runs when the module is imported."""
        return not self.guarded(node) and not any(
            isinstance(outer, (*FUNCTIONS, ast.Lambda)) for outer in self.above(node)
        )

    def for_development(self, node: ast.AST) -> bool:
        """Whether it is meant for development or tests, by the name of what it is in."""
        if FOR_DEVELOPMENT.search(self.name.rpartition("/")[2]):
            return True
        for outer in self.above(node):
            if isinstance(outer, (*FUNCTIONS, ast.ClassDef)) and FOR_DEVELOPMENT.search(outer.name):
                return True
            if isinstance(outer, ast.If) and any(
                FOR_DEVELOPMENT.search(word) for word in words_in(outer.test)
            ):
                return True
        return False

    def assigned(self, place: ast.AST, name: str) -> ast.expr | None:
        """The only value that the function around ``place``, or else the module, gives a name."""
        function = self.function_of(place)
        if function is not None and name in {given.arg for given in function.args.args}:
            return None
        for scope in (function, self.tree):
            values = self._given_in(scope).get(name) if scope is not None else None
            if values:
                return values[0] if len(values) == 1 else None
        return None

    def _given_in(self, scope: ast.AST) -> dict[str, list[ast.expr]]:
        """What each name is given in a function, or in the module with all that is in it."""
        if scope not in self._given:
            given = defaultdict(list)
            for node in ast.walk(scope):
                for target, value in pairs_of(node):
                    if isinstance(target, ast.Name):
                        given[target.id].append(value)
            self._given[scope] = dict(given)
        return self._given[scope]

    def of_request(self, node: ast.AST) -> bool:
        """Whether something of the request is in an expression."""
        return any(
            isinstance(inner, ast.Attribute) and self.qual(inner).startswith("flask.request.")
            for inner in ast.walk(node)
        )

    def docstring(self, node: ast.AST) -> bool:
        """Whether a string is a docstring, or stands alone as one."""
        return isinstance(self._parents.get(node), ast.Expr)

    def hit(self, node: ast.AST, message: str, severity: Severity | None = None) -> Hit:
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        before = self._lines[line - 1].encode()[:offset]  # Python counts bytes, editors characters
        return Hit(self.name, line, len(before.decode(errors="ignore")) + 1, message, severity)

    @cached_property
    def _lines(self) -> list[str]:
        return [*self.text.split("\n"), ""]


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class View:
    """A function that answers requests; ``paths`` and ``methods`` as its decorators say."""

    file: PyFile
    function: Function
    paths: tuple[str, ...]
    methods: frozenset[str]

    @property
    def decorators(self) -> list[str]:
        """The dotted names of all decorators, outermost first."""
        return [self.file.qual(bare(node)) for node in self.function.decorator_list]


def views_of(file: PyFile) -> Iterator[View]:
    for function in file.functions():
        paths, methods = [], set[str]()
        for decorator in function.decorator_list:
            route = route_of(decorator)
            if route is not None:
                paths.append(route[0])
                methods |= route[1]
        if paths:
            yield View(file, function, tuple(paths), frozenset(methods))
        elif function.name in METHODS and is_method_view(file, function):
            yield View(file, function, (), frozenset({function.name.upper()}))


def route_of(decorator: ast.expr) -> tuple[str, set[str]] | None:
    """Path and methods of ``@app.route("/path")`` and its like, ``None`` for another."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return None
    verb = decorator.func.attr
    path = text_of(decorator.args[0]) if decorator.args else None
    if path is None or not (path == "" or path.startswith("/")):
        return None
    if verb == "route":
        methods = keyword(decorator, "methods")
        if methods is None:
            return path, {"GET"}
        return path, {word.upper() for word in words_in(methods)}
    return (path, {verb.upper()}) if verb in METHODS else None


def is_method_view(file: PyFile, function: Function) -> bool:
    owner = file.parent(function)
    return isinstance(owner, ast.ClassDef) and any(
        file.qual(base)
        in {"flask.views.MethodView", "flask_restful.Resource", "flask_restx.Resource"}
        for base in owner.bases
    )


def pairs_of(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What an assignment names, and what it is given: two pairs of ``page, size = 1, 20``."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


def bare(node: ast.expr) -> ast.expr:
    """A decorator without its arguments."""
    return node.func if isinstance(node, ast.Call) else node


def text_of(node: ast.AST | None) -> str | None:
    """The text of a literal string, else ``None``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def value_of(node: ast.AST | None) -> object:
    """The value of a literal constant; ``...`` where it is none."""
    return node.value if isinstance(node, ast.Constant) else ...


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((given.value for given in call.keywords if given.arg == name), None)


def has_keyword(call: ast.Call, *names: str) -> bool:
    """Whether one of the arguments is given, or may be, by ``**options``."""
    return any(given.arg is None or given.arg in names for given in call.keywords)


def names_in(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def words_in(node: ast.AST) -> set[str]:
    """Names, attributes and strings: all that may tell what an expression is about."""
    words = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            words.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            words.add(inner.attr)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            words.add(inner.value)
    return words


def settings_of(file: PyFile) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """Every setting that is given a value: its name, the value, the place.

    ``SECRET_KEY = …`` in a module or class, ``app.config["SECRET_KEY"] = …``,
    ``app.secret_key = …``, ``config.from_mapping(SECRET_KEY=…)``, ``config.update(…)`` and
    ``app.config |= {…}``; ``secret_key: str = …`` in a class of pydantic's settings.
    """
    assigned: list[tuple[ast.expr, ast.expr]] = []
    for node in file.all(ast.Assign):
        assigned += [(target, node.value) for target in node.targets]
    given_many = [
        node.value
        for node in file.all(ast.AugAssign)
        if isinstance(node.op, ast.BitOr) and _is_config(node.target)
    ]
    for typed in file.all(ast.AnnAssign):
        if typed.value is not None:
            assigned.append((typed.target, typed.value))
    for target, value in assigned:
        if isinstance(target, ast.Name) and (target.id.isupper() or _is_field(file, target)):
            yield target.id.upper(), value, target
        elif isinstance(target, ast.Subscript) and _is_config(target.value):
            name = text_of(target.slice)
            if name:
                yield name, value, target
        elif isinstance(target, ast.Attribute):
            if target.attr in {"secret_key", "debug", "testing"}:
                yield target.attr.upper(), value, target
            elif target.attr.isupper():
                yield target.attr, value, target
    for call in file.all(ast.Call):
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in {"from_mapping", "update", "setdefault"}
            and _is_config(call.func.value)
        ):
            for given in call.keywords:
                if given.arg and given.arg.isupper():
                    yield given.arg, given.value, given.value
            given_many += call.args
    for argument in given_many:
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                name = text_of(key)
                if name:
                    yield name, value, value


def _is_field(file: PyFile, target: ast.Name) -> bool:
    owner = file.class_of(target)
    return owner is not None and any(
        file.qual(base).rpartition(".")[2] == "BaseSettings" for base in owner.bases
    )


def _is_config(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "config") or (
        isinstance(node, ast.Name) and node.id == "config"
    )
