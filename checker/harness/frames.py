"""Messages over a pipe: four bytes of length, then that much JSON. Nothing else is trusted."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LIMIT = 64 * 1024 * 1024
DEPTH = 100
# Lists, tables and their items: a short text of empty lists fills a memory.
ITEMS = 1_000_000
_length = struct.Struct(">I")


class FrameError(Exception):
    """What came is no frame: too long, too deep, cut off, or no JSON."""


def write_frame(stream: BinaryIO, value: Any) -> None:
    """Send one value; :class:`FrameError` where it is larger than ``LIMIT``."""
    data = json.dumps(value, separators=(",", ":")).encode("utf-8")
    if len(data) > LIMIT:
        raise FrameError(f"a message of {len(data):,} bytes is longer than {LIMIT:,}")
    stream.write(_length.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO, limit: int = LIMIT) -> Any:
    """The next value. ``EOFError`` at the end, :class:`FrameError` for anything odd."""
    head = _read(stream, _length.size)
    if not head:
        raise EOFError
    (length,) = _length.unpack(head)
    if length > limit:
        raise FrameError(f"a message of {length:,} bytes is longer than {limit:,}")
    data = _read(stream, length)
    if len(data) < length:
        raise FrameError("the message was cut off")
    if crowded(data):
        raise FrameError(f"the message holds more than {ITEMS:,} items")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"the message is no JSON: {error}") from None
    if _deeper(value, DEPTH):
        raise FrameError(f"the message is nested deeper than {DEPTH}")
    return value


def crowded(data: bytes) -> bool:
    """Whether a JSON text may hold more items than a memory should."""
    return sum(map(data.count, (b",", b"[", b"{"))) > ITEMS


def _read(stream: BinaryIO, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        chunk = stream.read(length - len(data))
        if not chunk:
            break
        data += chunk
    if 0 < len(data) < length and length == _length.size:
        raise FrameError("the message was cut off")
    return bytes(data)


def _deeper(value: Any, depth: int) -> bool:
    level = [value]
    while level and depth >= 0:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
        depth -= 1
    return bool(level)
