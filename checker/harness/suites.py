"""The app's side of an exercise whose answer is a test: runs a suite on one variant of the app.

A variant is laid out in a temporary folder, the learner's ``tests/`` beside it, and pytest runs
there, in this process. What is imported goes when the run is over, so that the next variant
meets nothing of this one. Whether a variant is right or planted is not known here: no name, no
order and no setting tells, so that a suite can only find out by testing.
"""

from __future__ import annotations

import ast
import gc
import io
import os
import random
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, ModuleType
from typing import Any

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook, rewrite_asserts

from checker.harness import fields
from checker.harness.frames import FrameError
from checker.harness.ground import Ground
from checker.harness.later import years_later
from checker.harness.routing import remembered_rules
from checker.harness.shipping import plain
from checker.harness.words import one_line, raised, sentence

TESTS = "tests"
# Of pytest's own plugins those that a suite has no use for: each costs time in every run.
_WITHOUT = (
    "cacheprovider",
    "course",
    "doctest",
    "faulthandler",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "terminal",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_KEPT = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LC_ALL", "TZ")
_OUTCOMES = ("passed", "failed", "broken", "skipped")


@dataclass(frozen=True)
class Order:
    """What to run: the variant's ``files`` by path, and which test files of the learner's.

    ``extra`` are files of the course's own among the learner's. The tests run in an order
    that depends on ``seed``, or in that order ``backwards``; as they stand without a seed. A run
    ends with the first test that fails, unless the ``whole`` is wanted. It takes place so many
    ``years`` from now.
    """

    files: Mapping[str, str]
    tests: tuple[str, ...]
    extra: Mapping[str, str]
    seed: int | None = None
    backwards: bool = False
    whole: bool = False
    years: int = 0

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Order:
        return cls(**{**table, "tests": tuple(table["tests"])})


@dataclass(frozen=True)
class Told:
    """One test that did not pass, or what kept tests from running, and where.

    ``outcome`` is ``failed`` where the test itself has judged; ``broken`` where it, or what it
    needs, broke off before that; ``skipped`` where it said nothing.
    """

    name: str
    outcome: str
    message: str
    where: str

    @property
    def text(self) -> str:
        said = f"{self.where}, {self.name}" if self.name else self.where
        return f"{said}: {self.message}"


@dataclass(frozen=True)
class SuiteRun:
    """What pytest reported: how many passed, and of all others what was told.

    ``noted`` is what tests of the course's own have recorded with ``record_property``.
    """

    passed: int
    told: tuple[Told, ...]
    noted: Mapping[str, Any] = field(default_factory=dict)

    def of(self, outcome: str) -> Told | None:
        """The first with this outcome."""
        return next((each for each in self.told if each.outcome == outcome), None)

    def to_json(self) -> dict[str, Any]:
        told = [[each.name, each.outcome, each.message, each.where] for each in self.told]
        return {"passed": self.passed, "told": told, "noted": self.noted}

    @classmethod
    def from_json(cls, value: Any) -> SuiteRun:
        """Read it warily: the learner's code runs in the process that sends it."""
        table = fields.table(value, "passed", "told", "noted")
        kinds = [type(table[name]) for name in ("passed", "told", "noted")]
        if kinds != [int, list, dict]:
            raise FrameError("expected what a suite came to")
        told = []
        for each in table["told"]:
            if type(each) is not list or len(each) != 4 or each[1] not in _OUTCOMES:
                raise FrameError("expected what was told of a test")
            told.append(Told(*(fields.text(part, fields.LINE) for part in each)))
        return cls(table["passed"], tuple(told), table["noted"])


def run_suite(ground: Ground, order: Order) -> SuiteRun:
    """Run the learner's tests below ``ground.root`` on a variant; raises nothing of theirs.

    Without any, only what the app imports is made warm: nothing of the learner's runs then.
    """
    with (
        TemporaryDirectory(prefix="app-", ignore_cleanup_errors=True) as name,
        _aside(ground),
        chdir(ground.root),
    ):
        room = Path(name).resolve()
        _lay(room, ground.root, order)
        with (
            _imported_from(room, ground.root, order.files),
            _environment(),
            _quick_upgrade(room),
            years_later(order.years),
            chdir(room),
        ):
            if not order.tests:
                import_module("app")
                gc.freeze()  # what is here now stays: no collection need look at it again
                return SuiteRun(0, ())
            return _Run(room, ground.root, order).result()


class _Run:
    """One pytest session, and the plugin that listens to it."""

    def __init__(self, room: Path, root: Path, order: Order) -> None:
        self.room = room
        self.root = root
        self.order = order
        self.passed: set[str] = set()
        self.told: list[Told] = []
        self.noted: dict[str, Any] = {}

    def result(self) -> SuiteRun:
        missing = [name for name in self.order.tests if not (self.room / name).is_file()]
        if missing:
            return SuiteRun(0, (Told("", "broken", "there is no such file", missing[0]),))
        said = io.StringIO()
        code: int = 0
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(said):
                code = pytest.main(self.arguments(), plugins=[self])
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - also sys.exit, which is the learner's
            self.tell("", "broken", sentence(*raised(error)), f"{TESTS}/")
        usual = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}
        if code not in {*usual, pytest.ExitCode.NO_TESTS_COLLECTED} and not self.told:
            self.tell("", "broken", _last_line(said.getvalue()) or f"exit {code}", f"{TESTS}/")
        noted: dict[str, Any] = plain(self.noted, "what a test has recorded")
        return SuiteRun(len(self.passed), tuple(self.told), noted)

    def arguments(self) -> list[str]:
        without = [part for name in _WITHOUT for part in ("-p", f"no:{name}")]
        here = [f"--rootdir={self.room}", f"--confcutdir={self.room}"]
        # Asserts are rewritten as the files are imported, once for all variants.
        how = ["-c", os.devnull, "--assert=plain", "--capture=sys"]
        return [*without, *here, *how, f"--basetemp={self.room / 'tmp'}", *self.order.tests]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        seed = self.order.seed
        if seed is None:
            return
        random.Random(seed).shuffle(items)
        if self.order.backwards:
            items.reverse()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            where = report.nodeid or f"{TESTS}/"
            self.tell("", "broken", _last_line(report.longreprtext), where)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        error = call.excinfo
        expected = hasattr(report, "wasxfail")
        if report.when == "call":
            self.noted.update(item.user_properties)
        if expected or report.skipped:
            self.passed.discard(item.nodeid)
            word = "xfail" if expected else "skipped"
            self.tell(item.name, "skipped", word, self.place(item))
        elif report.passed and report.when == "call":
            self.passed.add(item.nodeid)
        elif error is not None:
            self.passed.discard(item.nodeid)
            judged = isinstance(error.value, Exception | pytest.fail.Exception)
            outcome = "failed" if judged and report.when == "call" else "broken"
            during = "" if report.when == "call" else f"in its {report.when}, "
            self.tell(item.name, outcome, during + _words(error.value), self.where(item, error))
            if outcome == "failed" and not self.order.whole:
                item.session.shouldstop = "what is to be known is known"
        return report

    def tell(self, name: str, outcome: str, message: str, where: str) -> None:
        told = Told(name, outcome, one_line(message.replace(str(self.room), ""), 300), where)
        self.told.append(told)

    def where(self, item: pytest.Item, error: pytest.ExceptionInfo[BaseException]) -> str:
        """The innermost line of the learner's tests."""
        tests = str(self.root / TESTS) + os.sep
        mine = [entry for entry in error.traceback if str(entry.path).startswith(tests)]
        if not mine:
            return self.place(item)
        path = Path(mine[-1].path).relative_to(self.root).as_posix()
        return f"{path}:{mine[-1].lineno + 1}"

    def place(self, item: pytest.Item) -> str:
        _, line, _ = item.location
        return f"{item.path.relative_to(self.room).as_posix()}:{(line or 0) + 1}"


def _words(error: BaseException) -> str:
    kind, message = raised(error)
    if isinstance(error, OSError) and _reads_the_app(error):
        return "the files of the app are not here: ask the app what it does, not how it is written"
    said = message.strip().split("\n")[0]
    return said if said.startswith("assert ") or kind == "Failed" else sentence(kind, said)


def _reads_the_app(error: OSError) -> bool:
    file = Path(str(error.filename or ""))
    return (file.suffix == ".py" and "app" in file.parts) or "source code" in str(error)


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E ").strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _lay(room: Path, root: Path, order: Order) -> None:
    if (root / TESTS).is_dir():
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(root / TESTS, room / TESTS, ignore=ignored)
    for name, text in {**order.files, **order.extra}.items():
        if is_module(name):
            continue
        path = room / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


# What a run leaves in the process, and what it must not meet there


@contextmanager
def _aside(ground: Ground) -> Iterator[None]:
    """Within, nothing of the learner's folder is imported, nor can be."""
    path = list(sys.path)
    modules = _modules_below(ground.root, sys.modules)
    for name in _modules_below(ground.root / "exercises", modules):
        del modules[name]
    listeners = _listeners_of(modules) if modules else []
    for listener in listeners:
        _event().remove(*listener)
    for name in modules:
        del sys.modules[name]
    sys.path[:] = [each for each in path if not _is_below(each or ".", ground.root)]
    try:
        yield
    finally:
        sys.path[:] = path
        sys.modules.update(modules)
        for listener in listeners:
            _event().listen(*listener)


@contextmanager
def _imported_from(room: Path, root: Path, files: Mapping[str, str]) -> Iterator[None]:
    """Within, ``room`` is where modules are found; afterwards none of them is left.

    The app's own are not even there: a suite that reads them, and does not ask the app, learns
    nothing. What is compiled once is not compiled again for the next variant, and says of itself
    that it stands in ``root``, which the learner knows.
    """
    loader = type("_Loader", (_Kept,), {"room": room, "root": root})
    finder = FileFinder.path_hook((loader, SOURCE_SUFFIXES))

    def hook(path: str) -> Any:
        if not _is_below(path, room):
            raise ImportError("not of this variant")
        return finder(path)

    sys.path_hooks.insert(0, hook)
    path, before, finders = list(sys.path), set(sys.modules), list(sys.meta_path)
    # That of the pytest around would import the tests, and rewrite them for each variant.
    sys.meta_path[:] = [each for each in finders if not isinstance(each, AssertionRewritingHook)]
    sys.meta_path.insert(0, _Modules(room, root, files))
    sys.path.insert(0, str(room))
    try:
        with _noted_listeners() as listeners, remembered_rules():
            yield
    finally:
        for listener in listeners:
            _event().remove(*listener)
        new = {name: sys.modules[name] for name in set(sys.modules) - before}
        modules = _modules_below(room, new)
        for name in modules:
            del sys.modules[name]
        for registry in {id(each): each for each in _registries(modules)}.values():
            registry.dispose()
        sys.path[:], sys.meta_path[:] = path, finders
        sys.path_hooks.remove(hook)
        for each in [each for each in sys.path_importer_cache if _is_below(each, room)]:
            del sys.path_importer_cache[each]


def is_module(name: str) -> bool:
    """Whether a file of a variant is imported, and is no file for the suite that runs on it."""
    return name.startswith("app/") and name.endswith(".py")


class _Modules(MetaPathFinder, Loader):
    """The modules of the app, from memory."""

    def __init__(self, room: Path, root: Path, files: Mapping[str, str]) -> None:
        self._room, self._root, self._files = room, root, files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        stem = fullname.replace(".", "/")
        package = f"{stem}/__init__.py" in self._files
        file = f"{stem}/__init__.py" if package else f"{stem}.py"
        if not is_module(file) or file not in self._files:
            return None
        where = [str(self._room / stem)] if package else None
        return spec_from_file_location(
            fullname, self._room / file, loader=self, submodule_search_locations=where
        )

    def exec_module(self, module: ModuleType) -> None:
        file = Path(module.__file__ or "").relative_to(self._room).as_posix()
        code = _compiled(self._files[file].encode(), str(self._root / file), False)
        exec(code, vars(module))  # noqa: S102 - as every loader does


class _Kept(SourceFileLoader):
    """Loads from source, compiled once for all variants that have the same text there."""

    room: Path
    root: Path

    def get_code(self, fullname: str) -> CodeType:
        name = Path(self.path).relative_to(self.room)
        return _compiled(self.get_data(self.path), str(self.root / name), name.parts[0] == TESTS)


@cache
def _compiled(source: bytes, filename: str, is_test: bool) -> CodeType:
    tree = ast.parse(source, filename)
    if is_test:
        rewrite_asserts(tree, source)
    code: CodeType = compile(tree, filename, "exec", dont_inherit=True)
    return code


@contextmanager
def _environment() -> Iterator[None]:
    """Nothing of this machine's settings, nor of what runs around: it would name the test."""
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if name.upper() in _KEPT}
    os.environ.clear()
    os.environ.update(kept, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        os.environ.clear()
        os.environ.update(before)


_templates: dict[tuple[bytes, ...], Any] = {}


@contextmanager
def _quick_upgrade(room: Path) -> Iterator[None]:
    """Within, ``flask_migrate.upgrade()`` in memory copies what the same migrations made before."""
    try:
        import flask_migrate  # type: ignore[import-untyped]
    except ImportError:
        yield
        return
    original: Callable[..., Any] = flask_migrate.upgrade
    versions = sorted((room / "migrations").rglob("*.py"))
    key = tuple(path.read_bytes() for path in versions)

    def upgrade(*args: Any, **kwargs: Any) -> None:
        from flask import current_app

        engine = current_app.extensions["migrate"].db.engine
        if args or kwargs or engine.dialect.name != "sqlite" or engine.url.database:
            original(*args, **kwargs)
            return
        import sqlite3

        if key not in _templates:
            original()
        connection = engine.raw_connection()
        try:
            if key in _templates:
                _templates[key].backup(connection.driver_connection)
            else:
                _templates[key] = sqlite3.connect(":memory:", check_same_thread=False)
                connection.driver_connection.backup(_templates[key])
        finally:
            connection.close()

    flask_migrate.upgrade = upgrade
    try:
        yield
    finally:
        flask_migrate.upgrade = original


def _modules_below(folder: Path, modules: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, module in list(modules.items()):
        file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
        if file and _is_below(file, folder):
            found[name] = module
    return found


def _is_below(path: str, folder: Path) -> bool:
    above = _real(os.path.dirname(path))  # noqa: PTH120 - thousands of them, in each run
    return above == str(folder) or above.startswith(str(folder) + os.sep) or path == str(folder)


_real = cache(os.path.realpath)
"""Where a folder really is; asked once for each, because links take time to follow."""


def _event() -> Any:
    from sqlalchemy import event

    return event


@contextmanager
def _noted_listeners() -> Iterator[list[tuple[Any, str, Any]]]:
    """Fills the list with what is attached, within, to a class of SQLAlchemy's own."""
    listeners: list[tuple[Any, str, Any]] = []
    try:
        from sqlalchemy import event
        from sqlalchemy.event import api
    except ImportError:
        yield listeners
        return
    original = api.listen

    def listen(target: Any, identifier: str, fn: Any, *args: Any, **kwargs: Any) -> None:
        original(target, identifier, fn, *args, **kwargs)
        if isinstance(target, type) and target.__module__.startswith("sqlalchemy."):
            listeners.append((target, identifier, fn))

    event.listen = api.listen = listen
    try:
        yield listeners
    finally:
        event.listen = api.listen = original


def _listeners_of(modules: Mapping[str, Any]) -> list[tuple[Any, str, Any]]:
    """What functions of ``modules`` listen to on SQLAlchemy's ``Session``, the one for all."""
    if "sqlalchemy.orm" not in sys.modules:
        return []
    from sqlalchemy import event
    from sqlalchemy.orm import Session, SessionEvents

    names = [name for name in vars(SessionEvents) if name[0] != "_" and name != "dispatch"]
    functions = [
        value
        for name, module in modules.items()
        for value in vars(module).values()
        if callable(value) and getattr(value, "__module__", None) == name
    ]
    return [
        (Session, name, function)
        for function in functions
        for name in names
        if event.contains(Session, name, function)
    ]


def _registries(modules: Mapping[str, Any]) -> Iterator[Any]:
    """SQLAlchemy's registries of mapped classes: half collected they trip the next set-up."""
    for module in modules.values():
        base = vars(module).get("Base")
        registry = getattr(base, "registry", None)
        if hasattr(registry, "dispose"):
            yield registry
