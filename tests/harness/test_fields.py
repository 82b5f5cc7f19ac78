"""What comes from the app's process is taken for nothing but what it must be."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from typing import Any

import pytest

from checker.harness.errors import LoadError, Raised
from checker.harness.failure import Failure, Location
from checker.harness.frames import ITEMS, FrameError, read_frame
from checker.harness.messages import Answer, Found
from checker.harness.seeding import derived
from checker.harness.wire import error_from_json, error_to_json

PLACE = {"file": "app/views.py", "line": 3, "function": "f"}
PRINTS = {"answering": None, "last": PLACE}
ANSWER: dict[str, Any] = {
    "status": "200 OK",
    "headers": [["A", "b"]],
    "body": "eHk=",
    "crash": None,
    "footprints": PRINTS,
}
RAISED: dict[str, Any] = {
    "error": "raised",
    "type": "KeyError",
    "message": "'a'",
    "where": PLACE,
    "blame": "learner",
    "details": "",
}


def test_an_answer_is_what_it_says() -> None:
    answer = Answer.from_json(ANSWER)

    assert (answer.code, answer.body, answer.headers) == (200, b"xy", [("A", "b")])
    assert answer.footprints.last == Location("app/views.py", 3, "f")


@pytest.mark.parametrize(
    "change",
    [
        {"status": 200},
        {"status": "fine"},
        {"status": "200 OK\r\nSet-Cookie: a=b"},
        {"headers": {"A": "b"}},
        {"headers": [["A"]]},
        {"headers": [["A", 1]]},
        {"headers": [["A", "b\nC: d"]]},
        {"body": "no base 64"},
        {"body": None},
        {"crash": {"type": "E"}},
        {"footprints": None},
        {"footprints": {"answering": None, "last": {**PLACE, "file": "/etc/passwd"}}},
        {"footprints": {"answering": None, "last": {**PLACE, "file": "../../dev/zero"}}},
        {"footprints": {"answering": None, "last": {**PLACE, "file": "C:\\secret"}}},
        {"footprints": {"answering": None, "last": {**PLACE, "line": True}}},
        {"footprints": {"answering": None, "last": {**PLACE, "line": 10**30}}},
        {"outcome": "passed"},
    ],
    ids=str,
)
def test_an_odd_answer_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        Answer.from_json({**ANSWER, **change})


@pytest.mark.parametrize("odd", [None, [], "text", {}, {"value": 1}, {"value": 1, "more": 2}])
def test_an_odd_finding_is_none(odd: Any) -> None:
    with pytest.raises(FrameError):
        Found.from_json(odd)


@pytest.mark.parametrize(
    "change",
    [{"error": "passed"}, {"error": None}, {"type": 1}, {"blame": "us"}, {"where": "here"}],
    ids=str,
)
def test_an_odd_error_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        error_from_json({**RAISED, **change})


def test_texts_are_cut_and_fit_in_a_file() -> None:
    error = error_from_json({**RAISED, "message": "\ud800" + "x" * 10**6})

    assert isinstance(error, Raised)
    assert len(error.message) <= 1_000
    error.message.encode("utf-8")


@pytest.mark.parametrize("environment", [True, False])
def test_an_error_comes_out_as_it_went_in(environment: bool) -> None:
    error = error_from_json({**RAISED})
    again = error_from_json(json.loads(json.dumps(error_to_json(error))))
    assert vars(again) == vars(error)

    load = LoadError(Failure("it does not load", where=Location("app/a.py", 1)), environment)
    again = error_from_json(json.loads(json.dumps(error_to_json(load))))
    assert vars(again) == vars(load)


def test_a_short_text_does_not_fill_the_memory() -> None:
    data = b"[" + b"[]," * ITEMS + b"[]]"
    with pytest.raises(FrameError, match="items"):
        read_frame(io.BytesIO(struct.pack(">I", len(data)) + data))


DRAW = """
import random, secrets, uuid
from checker.harness.seeding import Seeds
{before}
print(secrets.token_hex(8), secrets.randbelow(10**9), random.random(), uuid.uuid4())
"""


def drawn(before: str) -> str:
    command = [sys.executable, "-c", DRAW.format(before=before)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def test_a_seed_brings_the_values_of_a_test_back() -> None:
    first = drawn("s = Seeds('a'); s.begin('test_one')")

    assert drawn("s = Seeds('a'); s.begin('test_two'); s.begin('test_one')") == first
    others = {
        drawn("s = Seeds('a'); s.begin('test_two')"),
        drawn("s = Seeds('b'); s.begin('test_one')"),
        drawn("Seeds(None).begin('test_one')"),
        drawn("Seeds(None).begin('test_one')"),
        # What the app's process draws tells nothing of what the test does.
        drawn(
            "from checker.harness.seeding import begin; s = Seeds('a'); s.begin('test_one');"
            " begin(s.app)"
        ),
    }
    assert len(others | {first}) == 6


def test_a_key_tells_nothing_of_another() -> None:
    assert len({derived("seed", "one"), derived("seed", "other"), derived("more", "one")}) == 3
