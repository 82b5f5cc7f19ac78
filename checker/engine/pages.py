"""Memory that a forked process will write to, copied while nobody waits for it.

A fork shares its parent's memory, and the first write to each page copies that page. A check
writes to some 8,000 of them, which is a seventh of what a learner waits for; Linux can be asked
to copy all of them beforehand.
"""

from __future__ import annotations

import ctypes
import re
import select
from collections.abc import Iterator
from pathlib import Path

_POPULATE_WRITE = 23  # as linux/mman.h numbers it; Linux has it from 5.14 on
_CHUNK = 2 << 20
_SPARED = 16
"""Of the memory that is free, so many times as much as is copied must be."""

# What belongs to no file, as proc_pid_smaps(5) has it: where it is, and how much of it is there.
_anonymous = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(?:\[heap\]|\[anon:.*\])?\n"
    r"(?:.*\n){1,9}?Rss: *(\d+) kB$",
    re.MULTILINE,
)
_available = re.compile(r"^MemAvailable: *(\d+) kB$", re.MULTILINE)


def own_pages(stop: int) -> None:
    """Have a copy of what this process shares with its parent, while ``stop`` is silent.

    ``stop`` is a file to read from: as soon as there is something, the rest stays shared. It all
    does where the system cannot do it, or has little memory left.
    """
    try:
        maps = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace")
        free = _available.search(Path("/proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        return  # not on Linux
    found = [
        (int(begin, 16), int(end, 16), int(kb) * 1024)
        for begin, end, kb in _anonymous.findall(maps)
    ]
    # What is mostly not there yet was reserved, a thread's stack for example, and will not be used.
    places = [(begin, end) for begin, end, size in found if 2 * size >= end - begin]
    if free is None or int(free[1]) * 1024 < _SPARED * sum(end - begin for begin, end in places):
        return
    library = ctypes.CDLL(None)
    for begin, length in _chunks(places):
        if select.select([stop], [], [], 0)[0]:
            return
        if library.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(length), _POPULATE_WRITE):
            return


def _chunks(places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for begin, end in places:
        for start in range(begin, end, _CHUNK):
            yield start, min(_CHUNK, end - start)
