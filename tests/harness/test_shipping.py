"""What may run inside: a function that brings along all it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness.errors import AuthorError
from checker.harness.shipping import plain, ship

LIMIT = 3


def add(a: int, b: int = 2, *, times: int = 1) -> int:
    return (a + b) * times


def annotated(path: Path) -> Path:
    from pathlib import Path

    return Path(path)


def uses_a_global() -> int:
    return sum(LIMIT for _ in range(2))


def uses_a_default(limit: int = LIMIT) -> int:
    return limit


def has_a_helper(n: int) -> int:
    def twice(value: int) -> int:
        return value * 2

    return sum(twice(item) for item in range(n)) + len([twice(n)])


def recurses(n: int) -> int:
    return n if n == 0 else recurses(n - 1)


def test_it_runs_from_its_source_alone() -> None:
    assert ship(add).load()(1, times=3) == 9
    assert ship(has_a_helper).load()(3) == 7
    assert ship(recurses).load()(3) == 0


def test_its_annotations_may_name_anything() -> None:
    assert ship(annotated).load()("x") == Path("x")


def test_a_nested_function_travels_without_its_indentation() -> None:
    def inner() -> str:
        return "here"

    assert ship(inner).load()() == "here"


def test_its_lines_are_those_of_the_file() -> None:
    shipped = ship(add)
    assert shipped.load().__code__.co_firstlineno == add.__code__.co_firstlineno
    assert Path(shipped.file) == Path(__file__)


def test_names_of_the_test_module_are_refused() -> None:
    for function in (uses_a_global, uses_a_default):
        with pytest.raises(AuthorError, match=r"uses LIMIT from its test module"):
            ship(function)


def test_names_of_an_outer_function_are_refused() -> None:
    secret = 42

    def leaks() -> int:
        return secret

    with pytest.raises(AuthorError, match="uses secret from its test module"):
        ship(leaks)


@pytest.mark.parametrize("value", [lambda: 1, len, int, "text"])
def test_only_a_def_will_do(value: object) -> None:
    with pytest.raises(AuthorError, match="takes a function made with def"):
        ship(value)  # type: ignore[arg-type]


def test_values_cross_as_json() -> None:
    assert plain((1, {"a": (2,)}), "it") == [1, {"a": [2]}]
    assert plain({1: "one"}, "it") == {"1": "one"}
    with pytest.raises(TypeError, match=r"the thing is not plain data \(JSON\): \{1\}"):
        plain({1}, "the thing")
