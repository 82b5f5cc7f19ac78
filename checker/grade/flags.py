"""What in a submission a human should look at: things that have no effect here, and tell of intent.

None of it is needed to keep points safe: the tests never see the learner's folder, and nothing
in a sandbox can write a result. So a flag is a hint, but for those few that nobody writes by
mistake: these are tampering, and cost all points.
"""

from __future__ import annotations

import ast
import codecs
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from checker.course import Step
from checker.files import tree
from checker.grade.model import Flag

TAMPERING = frozenset({"writes_at_exit", "forges_pytest", "reaches_into_checker"})
"""The codes of flags that cost all points."""

_SETTINGS = {"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"}
_STARTUP = {"sitecustomize.py", "usercustomize.py"}
_OURS = {"checker", "world", "suite"}
_LARGEST = 1_000_000
# Others are slow to read, in the square of a file's length, or made to hide code.
_ENCODINGS = {"ascii", "cp1252", "iso8859-1", "iso8859-15", "utf-8", "utf-8-sig"}
_CODE = 2_000_000  # of all modules together: whoever hands in more is not looked at so closely
_KEPT = 32_000  # and so many bytes of one: what was found in it is remembered
_WRITERS = {"write", "write_text", "write_bytes", "writelines", "dump", "replace", "rename", "copy"}


def flags(step_root: Path, step: Step) -> tuple[Flag, ...]:
    """The flags of one step folder of a submission, in order of their file; reads, runs nothing."""
    mine, handed_out = tree(step_root), tree(step.path)
    found: list[Flag] = []
    left = _CODE
    for name, path in mine.items():
        if path.is_symlink() or not path.is_file():
            continue
        found += _by_name(name, path, handed_out)
        if name.endswith(".py") and not name.startswith("exercises/"):
            left -= path.stat().st_size
            found += _by_code(name, path) if left > 0 else ()
    if any(name.startswith("exercises/") for name in mine):
        found += [
            Flag("deleted_tests", "an exercise's test is missing; the course's own was used", name)
            for name in handed_out
            if name.startswith("exercises/test_") and name not in mine
        ]
    return tuple(found)


def _by_name(name: str, path: Path, handed_out: dict[str, Path]) -> Iterator[Flag]:
    place = PurePosixPath(name)
    known = handed_out.get(name)
    if place.name == "conftest.py" and known is None:
        yield Flag("own_conftest", "a conftest.py of its own; no test of the course reads it", name)
    if place.name in _SETTINGS and not _same(path, known):
        yield Flag("own_pytest_settings", "settings for pytest; they were not read", name)
    if place.name in _STARTUP or place.suffix == ".pth":
        yield Flag("own_startup", "runs when Python starts; it did not", name)
    if place.parts[0] == "exercises" and place.suffix == ".py":
        if known is None:
            yield Flag("extra_tests", "a file among the course's tests; it was not run", name)
        elif not _same(path, known):
            yield Flag("edited_tests", "differs from the course's own, which was used", name)
    if len(place.parts) == 1 or (len(place.parts) == 2 and place.name == "__init__.py"):
        module = place.parts[0].removesuffix(".py")
        if (module != place.parts[0] or len(place.parts) == 2) and known is None:
            owner = _owner(module)
            if owner:
                said = f"has the name of {owner}, which others would import"
                yield Flag("shadows_module", said, name)


def _same(path: Path, known: Path | None) -> bool:
    """Whether two files say the same, whatever ends their lines."""
    return known is not None and _lines(path) == _lines(known)


def _lines(path: Path) -> list[bytes]:
    try:
        if path.stat().st_size > _LARGEST:
            return [b"too large to be compared"]
        data = path.read_bytes()
    except OSError:
        return [b"cannot be read"]
    return data.removeprefix(b"\xef\xbb\xbf").rstrip().splitlines()


def _owner(module: str) -> str | None:
    if module in sys.stdlib_module_names:
        return "a module of Python itself"
    packages = _packages()
    return f"the library {module}" if module in packages else None


@cache
def _packages() -> frozenset[str]:
    return frozenset(metadata.packages_distributions())


def _by_code(name: str, path: Path) -> Iterable[Flag]:
    try:
        data = path.read_bytes()
    except OSError:
        return ()
    # Most files of a class are as they were handed out: each is read once.
    return _of_code(name, data) if len(data) < _KEPT else _look_at(name, data)


@lru_cache(maxsize=1000)
def _of_code(name: str, data: bytes) -> tuple[Flag, ...]:
    return tuple(_look_at(name, data))


def _look_at(name: str, data: bytes) -> Iterator[Flag]:
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        if codecs.lookup(encoding).name not in _ENCODINGS:
            yield Flag("odd_encoding", f"is written in {encoding}, and was not looked at", name)
            return
        code = ast.parse(data)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    in_tests = name.startswith("tests/")
    nodes = list(ast.walk(code))
    if any(_writes(handler) for handler in _at_exit(nodes)):
        yield Flag("writes_at_exit", "writes a file when its process ends", name)
    if any(module.split(".")[0] in _OURS for node in nodes for module in _imported(node)):
        yield Flag("reaches_into_checker", "imports what tests it, which no app needs", name)
    internal = any(m.split(".")[0] == "_pytest" for node in nodes for m in _imported(node))
    forged = {"pytest_runtest_makereport", "pytest_runtest_logreport", "pytest_report_teststatus"}
    hooks = any(isinstance(node, ast.FunctionDef) and node.name in forged for node in nodes)
    if (internal and not in_tests) or hooks:
        yield Flag("forges_pytest", "changes how pytest reports on its tests", name)


def _imported(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return (node.module,)
    if isinstance(node, ast.Call) and _named(node.func) in {"import_module", "__import__"}:
        return tuple(_texts(node.args[:1]))
    if isinstance(node, ast.Subscript) and _named(node.value) == "modules":
        return tuple(_texts([node.slice]))
    return ()


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _texts(nodes: list[ast.expr]) -> list[str]:
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _at_exit(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """What is registered to run at the end: functions by name, lambdas, decorated ones."""
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Call) and _is_register(node.func):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Name):
                    yield functions.get(argument.id, argument)
                else:
                    yield argument
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if _is_register(decorator):
                    yield node


def _is_register(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        owner = node.value
        return node.attr == "register" and isinstance(owner, ast.Name) and owner.id == "atexit"
    return False


def _writes(handler: ast.AST) -> bool:
    for node in ast.walk(handler):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and function.attr in _WRITERS:
                return True
            opens = isinstance(function, ast.Name) and function.id == "open"
            modes = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode")]
            if opens and any(
                isinstance(m, ast.Constant) and set(str(m.value)) & set("wax+") for m in modes
            ):
                return True
    return False
