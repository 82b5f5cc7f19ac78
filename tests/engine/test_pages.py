"""What a fork shares with its parent is copied ahead, and only as long as nobody waits."""

import ctypes
import json
import os
import sys
from collections.abc import Callable

import pytest

from checker.engine import pages

resource = pytest.importorskip("resource")
PAGE = resource.getpagesize()
PAGES = 2000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that copies ahead")


def faults_of(write: Callable[[], None]) -> int:
    before: int = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    write()
    after: int = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    return after - before


def in_a_fork(memory: bytearray, said: bytes) -> int:
    """How many pages of ``memory`` a fork had to copy when it wrote to all of them."""
    heard, say = os.pipe()
    result, tell = os.pipe()
    os.write(say, said)
    child = os.fork()
    if child == 0:
        pages.own_pages(heard)

        def write() -> None:
            for place in range(0, len(memory), PAGE):
                memory[place] = 1

        os.write(tell, json.dumps(faults_of(write)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    count: int = json.loads(os.read(result, 100))
    for file in (heard, say, result, tell):
        os.close(file)
    return count


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> bytearray:
    monkeypatch.setattr(pages, "_SPARED", 0)  # however little this machine has left
    return bytearray(b"x" * PAGES * PAGE)


def has_it() -> bool:
    own = ctypes.create_string_buffer(PAGE)
    address = ctypes.c_void_p(ctypes.addressof(own) // PAGE * PAGE)
    done: int = ctypes.CDLL(None).madvise(address, ctypes.c_size_t(PAGE), pages._POPULATE_WRITE)
    return done == 0


def test_no_page_is_copied_when_the_check_runs(memory: bytearray) -> None:
    if not has_it():
        pytest.skip("this kernel cannot copy pages ahead")
    assert in_a_fork(memory, b"") < PAGES / 10


def test_whoever_waits_does_not_wait_for_that(memory: bytearray) -> None:
    assert in_a_fork(memory, b"begin") >= PAGES


def test_nothing_is_copied_where_memory_is_short(
    memory: bytearray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SPARED", 1 << 40)

    assert in_a_fork(memory, b"") >= PAGES
