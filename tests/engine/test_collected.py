"""Tests are collected once for all submissions, and run as if each had collected them itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checker.engine.engine import ForkEngine
from checker.engine.job import Job
from checker.engine.verdict import Verdict

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

# Nobody knocks there: these tests ask the app for nothing.
NOWHERE = Path("/nowhere/socket")
TESTS = """
from pathlib import Path
{more}
with Path({log!r}).open("a") as log:
    log.write("read\\n")
seen = []


def test_nothing_is_left_of_the_one_before(tmp_path, pytestconfig):
    seen.append(1)
    assert seen == [1]
    assert not list(tmp_path.iterdir())
    (tmp_path / "left").touch()
    assert (pytestconfig.getoption("--course-root") / "app.py").is_file()


def test_numbers():
    {body}
"""

Check = Callable[..., Verdict]


@pytest.fixture
def engine() -> Iterator[ForkEngine]:
    with ForkEngine() as engine:
        yield engine


@pytest.fixture
def read(tmp_path: Path) -> Callable[[], int]:
    """How often the tests have been read."""

    def read() -> int:
        return (tmp_path / "log").read_text(encoding="utf-8").count("read")

    return read


@pytest.fixture
def check(engine: ForkEngine, tmp_path: Path) -> Check:
    """``check(body, more, …)``: the verdict on a new submission, by tests with this in them."""
    exercises = tmp_path / "exercises"
    exercises.mkdir()
    count = iter(range(100))

    def check(body: str = "assert 1 == 1", more: str = "", **options: object) -> Verdict:
        root = tmp_path / f"submission{next(count)}"
        root.mkdir()
        (root / "app.py").touch()
        (root / "itsyaml.py").touch()
        test = exercises / "test_1_1.py"
        text = TESTS.format(log=str(tmp_path / "log"), body=body, more=more)
        test.write_text(text, encoding="utf-8")
        job = Job(root, exercises, test, "1.1", ("app.py",), subject="remote", address=NOWHERE)
        return engine.check(replace(job, **options))  # type: ignore[arg-type]

    return check


def outcomes(verdict: Verdict) -> list[str]:
    return [test.outcome for test in verdict.tests]


def test_what_is_the_same_for_all_is_collected_once(check: Check, read: Callable[[], int]) -> None:
    assert [check().state for _ in range(3)] == ["solved"] * 3
    assert read() == 1


def test_a_test_that_fails_is_told_as_ever(check: Check, read: Callable[[], int]) -> None:
    first, again = check("assert 1 == 2"), check("assert 1 == 2")
    assert outcomes(first) == outcomes(again) == ["passed", "failed"]
    assert again.tests[1].failure == first.tests[1].failure is not None
    assert read() == 1


def test_tests_that_have_changed_are_collected_anew(check: Check, read: Callable[[], int]) -> None:
    assert outcomes(check("assert 1 == 1")) == ["passed", "passed"]
    assert outcomes(check("assert 1 == 2")) == ["passed", "failed"]
    assert outcomes(check("assert 1 == 1")) == ["passed", "passed"]
    assert read() == 2


@pytest.mark.parametrize(
    "drawn",
    [
        "import secrets; WORD = secrets.token_hex()",
        "import random; WORD = random.random()",
        "import uuid; WORD = uuid.uuid4().hex",
    ],
)
def test_what_draws_random_values_is_read_by_each(
    check: Check, read: Callable[[], int], drawn: str
) -> None:
    body = "raise ValueError(WORD)"
    said = [check(body, drawn, seed=seed).tests[1].failure for seed in ("a", "a", "b")]
    words = [failure and failure.details.splitlines()[-1] for failure in said]
    assert words[0] == words[1] != words[2]
    assert read() == 1 + 3  # once to see that it does


def test_the_app_in_our_own_process_is_met_by_tests_of_its_own(
    check: Check, read: Callable[[], int]
) -> None:
    for _ in range(2):
        check(subject="direct", address=None)
    assert read() == 2


@pytest.mark.parametrize("broken", ["raise SystemExit", "def", "import there_is_no_such_module"])
def test_tests_that_cannot_be_read_are_our_fault_each_time(check: Check, broken: str) -> None:
    for _ in range(2):
        verdict = check(more=broken)
        assert verdict.state == "fault"
        assert verdict.tests == ()
    assert check().state == "solved"


def test_the_order_by_the_seed_is_the_same(check: Check, tmp_path: Path) -> None:
    log = tmp_path / "order"
    each = f"def test_each(n): Path({str(log)!r}).open('a').write(str(n))"
    more = f"import pytest\n@pytest.mark.parametrize('n', range(9))\n{each}\n"

    def order(seed: str, **options: object) -> str:
        log.write_text("", encoding="utf-8")
        assert check(more=more, seed=seed, shuffled=True, **options).state == "solved"
        return log.read_text(encoding="utf-8")

    collected = order("one")
    assert sorted(collected) == list("012345678")
    assert order("one", address=None, subject="direct") == collected != order("two")


def test_a_module_that_tests_have_brought_warns_nobody(check: Check, tmp_path: Path) -> None:
    brought = (
        "sys.modules['itsyaml'] = type(sys)('itsyaml'); sys.modules['itsyaml'].__file__ = '/x'"
    )
    verdict = check(more=f"import sys; {brought}")
    assert verdict.state == "solved"
    assert verdict.warnings == ()
