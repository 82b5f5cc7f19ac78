"""What the learner's code prints: its end is known, and a flood is neither kept nor passed on."""

from __future__ import annotations

import io

import pytest

from checker.harness.forbidden import Forbidden
from checker.harness.stdio import FLOOD, TAIL, Tail


@pytest.fixture
def pipe() -> io.BytesIO:
    return io.BytesIO()


def test_what_is_printed_comes_through(pipe: io.BytesIO) -> None:
    tail = Tail(pipe)
    for number in range(1000):
        assert tail.write(f"{number}\n") == len(f"{number}\n")
    tail.flush()

    assert pipe.getvalue().decode().split() == [str(number) for number in range(1000)]


def test_of_a_flood_the_end_comes_through(pipe: io.BytesIO) -> None:
    tail = Tail(pipe)
    for _ in range(FLOOD // 2000):
        tail.write("word " * 200)
    tail.write("the end")
    tail.flush()

    assert pipe.getvalue().endswith(b"word the end")
    assert len(pipe.getvalue()) < FLOOD // 10
    assert tail.tail == ("word " * 400 + "the end")[-TAIL:]


def test_a_flood_has_an_end_and_the_next_test_prints_again(pipe: io.BytesIO) -> None:
    tail = Tail(pipe)
    with pytest.raises(Forbidden, match="printed more than 10 MB"):
        tail.writelines(["word " * 1000] * (FLOOD // 1000))
    tail.start()
    tail.write("afresh")
    tail.flush()

    assert pipe.getvalue().endswith(b"afresh")
    assert tail.tail == "afresh"
