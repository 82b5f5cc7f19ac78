"""Frames carry JSON and nothing else; whatever is odd is refused."""

from __future__ import annotations

import io
import json
import struct

import pytest

from checker.harness import frames
from checker.harness.frames import FrameError, read_frame, write_frame


def framed(data: bytes) -> io.BytesIO:
    return io.BytesIO(struct.pack(">I", len(data)) + data)


@pytest.mark.parametrize("value", [None, "é\n\0", [1, [2.5, {"a": True}]], {}, "x" * 100_000])
def test_what_goes_in_comes_out(value: object) -> None:
    stream = io.BytesIO()
    write_frame(stream, value)
    write_frame(stream, "next")
    stream.seek(0)
    assert read_frame(stream) == value
    assert read_frame(stream) == "next"


def test_a_frame_may_come_in_pieces() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 1))

    data = framed(b'"slowly"').getvalue()
    assert read_frame(Trickle(data)) == "slowly"


def test_the_end_is_no_error_of_form() -> None:
    with pytest.raises(EOFError):
        read_frame(io.BytesIO())


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (io.BytesIO(b"\0\0"), "cut off"),
        (io.BytesIO(struct.pack(">I", 9) + b"[]"), "cut off"),
        (io.BytesIO(struct.pack(">I", frames.LIMIT + 1)), "longer than"),
        (framed(b"10 passed"), "no JSON"),
        (framed(b"\xff"), "no JSON"),
        (framed(b"[" * 200 + b"]" * 200), "nested deeper"),
        (framed(b"[" * 500_000), "no JSON"),
    ],
    ids=["head", "body", "long", "text", "bytes", "deep", "very deep"],
)
def test_anything_else_is_refused(stream: io.BytesIO, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        read_frame(stream)


def test_the_deepest_that_passes() -> None:
    value = json.loads("[" * frames.DEPTH + "]" * frames.DEPTH)
    stream = io.BytesIO()
    write_frame(stream, value)
    stream.seek(0)
    assert read_frame(stream) == value


def test_a_message_too_long_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LIMIT", 10)
    stream = io.BytesIO()
    with pytest.raises(FrameError, match="longer than 10"):
        write_frame(stream, "x" * 10)
    assert stream.getvalue() == b""
