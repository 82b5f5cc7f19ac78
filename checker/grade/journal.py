"""What is known already, by the hash of what it was made from; survives being killed.

One file of JSON lines, only ever appended to, each line brought to the disk before it counts. The
same file is the journal of a run that was interrupted and the cache of those that were not.
"""

from __future__ import annotations

import json
import os
import re
import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from checker.errors import UserError
from checker.files import write

# A line is JSON, and of a fixed form, so that its value can be checked without being parsed.
_LINE = re.compile(rb'\{"key":"([0-9a-f]{64})","crc":"([0-9a-f]{8})","value":(.*)\}\n', re.DOTALL)
# A file of which less than this share is in use is written anew.
_WORTH_KEEPING = 0.5
_SMALL = 1 << 20


class Journal:
    """Values by key. Only where they are is held in memory, not what they are."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        self._handle: BinaryIO = self._opened()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def get(self, key: str) -> Any:
        """The value kept under ``key``; ``None`` where there is none."""
        place = self._places.get(key)
        if place is None:
            return None
        self._handle.seek(place[0])
        return json.loads(self._handle.read(place[1]))

    def put(self, key: str, value: Any, *, sync: bool = True) -> None:
        """Keep ``value``; with ``sync`` it is on the disk when this returns."""
        text = json.dumps(value, separators=(",", ":")).encode()
        head = f'{{"key":"{key}","crc":"{zlib.crc32(text):08x}","value":'.encode()
        self._handle.seek(self._end)
        self._handle.write(head + text + b"}\n")
        self._handle.flush()
        if sync:
            os.fsync(self._handle.fileno())
        self._places[key] = (self._end + len(head), len(text))
        self._end += len(head) + len(text) + 2

    def tidy(self, used: Collection[str]) -> None:
        """Let go of what is not in ``used``, when that is most of the file."""
        kept = {key: self._places[key] for key in used if key in self._places}
        size = sum(length for _, length in kept.values())
        if self._end < _SMALL or size > _WORTH_KEEPING * self._end:
            return
        write(self.file, b"".join(self._lines(kept)))
        self._handle.close()
        self._handle = self._opened()

    def close(self) -> None:
        self._handle.close()

    def _lines(self, places: dict[str, tuple[int, int]]) -> Iterator[bytes]:
        for key, (start, length) in places.items():
            self._handle.seek(start)
            text = self._handle.read(length)
            yield f'{{"key":"{key}","crc":"{zlib.crc32(text):08x}","value":'.encode()
            yield text + b"}\n"

    def _opened(self) -> BinaryIO:
        """Open the file, and learn where its values are; what was cut off in mid-line goes."""
        fresh = not self.file.exists()
        handle = self.file.open("w+b" if fresh else "r+b")
        if fresh and sys.platform != "win32":
            folder = os.open(self.file.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        self._places.clear()
        self._end = 0
        start = 0
        for line in handle:
            match = _LINE.fullmatch(line)
            if match is not None and zlib.crc32(match[3]) == int(match[2], 16):
                self._places[match[1].decode()] = (start + match.start(3), len(match[3]))
                self._end = start + len(line)
            start += len(line)
        handle.truncate(self._end)
        return handle


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold ``file`` as a lock; :class:`UserError` where another process holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as handle:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(
                f"another `checker grade` is writing to {file.parent.parent}: let it end, or"
                " choose another --out"
            ) from error
        yield
