"""Whatever a learner does, the verdict names it: in both engines, with both subjects."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from checker.engine.engine import Engine, create_engine
from checker.engine.events import Event, TestFinished
from checker.engine.verdict import Failure, TestResult, Verdict
from checker.harness.failure import Location

from .in_halves import in_halves
from .scenarios import COURSE, OUTCOMES, SCENARIOS, Scenario, job, line_of, make

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@pytest.fixture(scope="module")
def fork() -> Iterator[Engine]:
    with create_engine("fork") as engine:
        yield engine


@pytest.fixture(scope="module")
def halves() -> Iterator[Engine]:
    with in_halves() as engine:
        yield engine


@pytest.fixture(scope="module")
def spare() -> Iterator[Engine]:
    with create_engine("spare") as engine:
        yield engine


@posix
@pytest.mark.parametrize("name", BY_NAME)
def test_a_learner_reads_what_happened(name: str, tmp_path: Path, fork: Engine) -> None:
    scenario = BY_NAME[name]
    root = make(scenario, tmp_path)
    verdict = fork.check(job(scenario, root))
    judge(verdict, scenario, root)


@posix
@pytest.mark.parametrize("name", BY_NAME)
def test_another_process_gives_the_same_verdict(name: str, tmp_path: Path, fork: Engine) -> None:
    scenario = BY_NAME[name]
    root = make(scenario, tmp_path)
    direct = fork.check(job(scenario, root))
    remote = fork.check(job(scenario, root, "remote"))
    assert comparable(remote) == comparable(direct)


@posix
@pytest.mark.parametrize("name", BY_NAME)
def test_two_processes_give_the_verdict_of_one(
    name: str, tmp_path: Path, fork: Engine, halves: Engine
) -> None:
    scenario = BY_NAME[name]
    root = make(scenario, tmp_path)
    one, told = fork.check(job(scenario, root)), list[Event]()
    two = halves.check(job(scenario, root), told.append)
    judge(two, scenario, root)
    assert comparable(two) == comparable(one)
    names = [event.result.name for event in told if isinstance(event, TestFinished)]
    assert names == [test.name for test in one.tests if test.name in names]


# A new interpreter for each: one of a kind is enough, for it is the ends that differ.
IN_THE_SPARE = [
    "solved",
    "an_exception_in_a_view",
    "a_syntax_error",
    "run_at_import",
    "a_thread_that_stays",
    "a_loop_at_import",
    "a_loop_in_a_view",
    "a_regex_without_end",
    "a_flood_of_prints",
    "a_flood_below_python",
    "a_segfault",
    "killed_for_its_memory",
    "killed_at_import",
    "a_test_that_is_wrong",
    "a_file_in_the_way",
]


@pytest.mark.parametrize("name", IN_THE_SPARE)
def test_the_spare_engine_gives_the_same_verdict(name: str, tmp_path: Path, spare: Engine) -> None:
    scenario = BY_NAME[name]
    root = make(scenario, tmp_path)
    judge(spare.check(job(scenario, root)), scenario, root)


def test_the_spare_engine_reaches_another_process_too(tmp_path: Path, spare: Engine) -> None:
    scenario = BY_NAME["a_loop_in_a_view"]
    root = make(scenario, tmp_path)
    judge(spare.check(job(scenario, root, "remote")), scenario, root)


def judge(verdict: Verdict, scenario: Scenario, root: Path) -> None:
    failure = verdict.first_failure
    assert verdict.state == scenario.state, failure
    assert json.loads(json.dumps(verdict.to_json()))["state"] == scenario.state
    assert any(scenario.warning in warning for warning in verdict.warnings) or (
        scenario.warning is None and verdict.warnings == ()
    )
    if scenario.outcomes is not None:
        assert "".join(OUTCOMES[test.outcome] for test in verdict.tests) == scenario.outcomes
    if verdict.state == "solved":
        assert failure is None
        return
    assert failure is not None
    assert scenario.message in failure.message
    for part, text in [
        (scenario.got, failure.got),
        (scenario.asked, failure.asked),
        (scenario.expected, failure.expected),
        (scenario.printed, failure.printed),
    ]:
        assert part is None or part in (text or "")
    if scenario.where is not None:
        judge_place(failure.where, scenario.where, root)
    judge_form(failure)


def judge_place(
    where: Location | None, wanted: tuple[str, str | None, str | None], root: Path
) -> None:
    file, text, function = wanted
    assert where is not None
    assert (where.file, where.function) == (file, function)
    if text == "*":
        assert where.line is not None
    elif text is None:
        assert where.line is None
    else:
        assert where.line == line_of(root, file, text)


def judge_form(failure: Failure) -> None:
    """One short line each; the machine's own paths and the libraries' frames are elsewhere."""
    for text in (failure.message, failure.asked, failure.expected, failure.got):
        if text is not None:
            assert text == text.strip() != ""
            assert len(text) <= 400
            assert "\n" not in text
            assert "site-packages" not in text
            assert str(COURSE) not in text
            assert "/work é/" not in text


def comparable(verdict: Verdict) -> object:
    """A verdict without what differs between two runs: times, random titles, tracebacks."""

    def calm(failure: Failure | None) -> Failure | None:
        if failure is None:
            return None
        where = failure.where
        if where is not None and "timed_out" in {test.outcome for test in verdict.tests}:
            where = replace(where, line=None)  # wherever in the loop it was caught
        return replace(
            failure,
            asked=_blind(failure.asked),
            expected=_blind(failure.expected),
            got=_blind(failure.got),
            printed="",
            details="",
            where=where,
        )

    tests = tuple(
        TestResult(test.name, test.outcome, 0.0, calm(test.failure)) for test in verdict.tests
    )
    return asdict(replace(verdict, tests=tests, seconds=0.0, problem=calm(verdict.problem)))


def _blind(text: str | None) -> str | None:
    return None if text is None else re.sub(r"\b[0-9a-f]{8}\b", "…", text)
