"""What four libraries do in threads elsewhere, done at once: a page has none.

``limits`` forgets in one what has expired, OpenTelemetry looks in some for who it is, Argon2 has
one for each lane, and OpenFeature ends in one what is asked no more. Importing this module puts
it into the first three, where the step has them; the fourth imports it by itself, for
``packages.py`` has it so.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from types import SimpleNamespace
from typing import Any

__all__ = ["RLock", "Thread", "ThreadPoolExecutor", "Timer"]


class Timer:
    """A ``threading.Timer`` that does not wait."""

    def __init__(self, interval: float, function: Callable[[], None]) -> None:
        self.start = function

    def is_alive(self) -> bool:
        return False


class Thread:
    """A ``threading.Thread`` whose work is done by whoever starts it."""

    def __init__(
        self,
        target: Callable[..., None],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        daemon: bool = False,
    ) -> None:
        self.start = lambda: target(*args, **kwargs or {})


class ThreadPoolExecutor(concurrent.futures.Executor):
    """A ``ThreadPoolExecutor`` whose work is done by whoever submits it."""

    def __init__(self, max_workers: int | None = None, thread_name_prefix: str = "") -> None:
        pass

    def submit(
        self, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is told when the result is asked for
            future.set_exception(error)
        return future


with contextlib.suppress(ImportError):
    from limits.storage import memory

    vars(memory)["threading"] = sys.modules[__name__]

with contextlib.suppress(ImportError):
    from opentelemetry.sdk import resources

    names = {**vars(concurrent.futures), "ThreadPoolExecutor": ThreadPoolExecutor}
    vars(resources)["concurrent"] = SimpleNamespace(futures=SimpleNamespace(**names))

with contextlib.suppress(ImportError):
    from argon2 import _utils

    # It would refuse several lanes here. Ours are done one after the other, with the same hash.
    vars(_utils)["_is_wasm"] = lambda: False
