"""Marked files say which of their functions was left last, and do all else as before."""

import ast
import importlib.util
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from textwrap import dedent
from types import CodeType
from typing import Any

import pytest

from checker.harness.footprints import MARKED, UNMARKED, Walk, note
from checker.harness.fresh import import_from_source
from checker.harness.ground import Ground
from checker.harness.marks import LEFT, marked

SOURCE = '''\
"""A module."""
import contextlib


def plain(value):
    """What it says."""
    return value * 2


@contextlib.contextmanager
def around():
    yield plain(1)


class Shelf:
    def __init__(self):
        super().__init__()
        self.books = []

    @property
    def size(self):
        return len(self.books)


def counted():
    yield from range(3)


async def later():
    return 5


def crashes():
    return 1 / 0


def outer():
    kept = []

    def inner():
        nonlocal kept
        kept = [plain(1)]

    inner()
    return kept


def nothing_yet():
    """Only words."""


double = lambda value, times=2: value * times
'''


def run(source: str, *, is_marked: bool) -> dict[str, Any]:
    left: list[tuple[str, int]] = []
    tree: ast.Module | str = marked(source, "mine.py") if is_marked else source

    def leave(name: str, line: int, value: object = None) -> object:
        left.append((name, line))
        return value

    names: dict[str, Any] = {LEFT: leave, "left": left}
    exec(compile(tree, "mine.py", "exec"), names)  # noqa: S102 - the source above
    return names


CALLS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a function": lambda names: names["plain"](3),
    "a docstring": lambda names: (names["plain"].__doc__, names["nothing_yet"].__doc__),
    "a context manager": lambda names: names["around"]().__enter__(),
    "a class": lambda names: names["Shelf"]().size,
    "a generator": lambda names: list(names["counted"]()),
    "a kind": lambda names: (
        inspect.isgeneratorfunction(names["counted"]),
        inspect.iscoroutinefunction(names["later"]),
    ),
    "a function within": lambda names: names["outer"](),
    "nothing": lambda names: names["nothing_yet"](),
    "a lambda": lambda names: names["double"](4),
    "a signature": lambda names: str(inspect.signature(names["plain"])),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_marked_module_does_what_it_did(what: str) -> None:
    call = CALLS[what]
    assert call(run(SOURCE, is_marked=True)) == call(run(SOURCE, is_marked=False))


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ("plain", [("plain", 5)]),
        ("outer", [("plain", 5), ("inner", 40), ("outer", 37)]),
        ("Shelf", [("__init__", 16)]),
        ("double", [("<lambda>", 52)]),
    ],
)
def test_each_function_says_when_it_is_left(call: str, left: list[tuple[str, int]]) -> None:
    names = run(SOURCE, is_marked=True)
    names[call](*[1] * (call in {"plain", "double"}))
    assert names["left"] == left


def test_a_decorated_function_begins_at_its_decorator() -> None:
    names = run(SOURCE, is_marked=True)
    with names["around"]():
        pass
    assert names["left"][-1] == ("around", 10)


def test_a_traceback_keeps_its_lines_and_the_function_is_named() -> None:
    traces = []
    for is_marked in (True, False):
        names = run(SOURCE, is_marked=is_marked)
        with pytest.raises(ZeroDivisionError) as caught:
            names["crashes"]()
        traces.append([(frame.lineno, frame.name) for frame in traceback.extract_tb(caught.tb)][1:])
        assert names["left"] == [("crashes", 33)] * is_marked
    assert traces[0] == traces[1]


def first_lines(code: CodeType) -> Iterator[tuple[str, int]]:
    yield code.co_name, code.co_firstlineno
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from first_lines(constant)


def test_every_function_begins_where_it_did() -> None:
    codes = [
        list(first_lines(compile(tree, "mine.py", "exec")))
        for tree in (marked(SOURCE, "mine.py"), ast.parse(SOURCE))
    ]
    assert codes[0] == codes[1]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """A learner's folder on the import path, with one file to edit."""
    (tmp_path / "marked_mine.py").write_text(dedent("def answer():\n    return 1\n"), "utf-8")
    (tmp_path / "plain_mine.py").write_text(dedent("def other():\n    return 1\n"), "utf-8")
    hooks, path, marks = sys.path_hooks[:], sys.path[:], MARKED.copy()
    by_path = importlib.util.spec_from_file_location
    ground = Ground(tmp_path, tmp_path / "exercises", ("marked_mine.py",))
    import_from_source(ground)
    sys.path.insert(0, str(tmp_path))
    yield ground
    sys.path_hooks[:], sys.path[:] = hooks, path
    importlib.util.spec_from_file_location = by_path
    MARKED.intersection_update(marks)
    UNMARKED.clear()
    sys.path_importer_cache.clear()
    for name in ("marked_mine", "plain_mine"):
        sys.modules.pop(name, None)


def test_no_profiler_is_needed_for_files_that_are_imported(ground: Ground) -> None:
    with Walk(ground) as walk:
        import marked_mine  # type: ignore[import-not-found]
        import plain_mine  # type: ignore[import-not-found]

        assert sys.getprofile() is None
        marked_mine.answer()
        plain_mine.other()
    assert str(walk.footprints.last) == "marked_mine.py:1, in answer"


def test_a_file_that_is_imported_by_its_path_speaks_for_itself(ground: Ground) -> None:
    spec = importlib.util.spec_from_file_location("any_name", ground.root / "marked_mine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Walk(ground) as walk:
        assert sys.getprofile() is None
        module.answer()
    assert str(walk.footprints.last) == "marked_mine.py:1, in answer"


def test_a_file_that_came_by_another_door_is_watched(ground: Ground) -> None:
    file = ground.root / "marked_mine.py"
    names: dict[str, Any] = {}
    code = compile(file.read_text("utf-8"), str(file), "exec")
    with Walk(ground) as walk:
        exec(code, names)  # noqa: S102 - written above
        assert sys.getprofile() is not None, "from where it came in"
        names["answer"]()
    assert sys.getprofile() is None
    assert str(walk.footprints.last) == "marked_mine.py:1, in answer"

    with Walk(ground) as walk:
        names["answer"]()
    assert str(walk.footprints.last) == "marked_mine.py:1, in answer", "in the next walk, too"


def test_other_threads_leave_no_footprints(ground: Ground) -> None:
    with Walk(ground) as walk:
        thread = threading.Thread(target=partial(note, "mine.py", "elsewhere", 1))
        thread.start()
        thread.join()
    assert walk.footprints.last is None
