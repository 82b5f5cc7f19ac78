"""What three libraries do in threads elsewhere, done at once: a page has none.

``limits`` forgets in one what has expired, OpenTelemetry looks in some for who it is, Argon2 has
one for each lane. Importing this module puts it into all of them, where the step has them.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class TimerAtOnce:
    """A ``threading.Timer`` that does not wait."""

    def __init__(self, interval: float, function: Callable[[], None]) -> None:
        self.start = function

    def is_alive(self) -> bool:
        return False


class ExecutorAtOnce(concurrent.futures.Executor):
    """A ``ThreadPoolExecutor`` whose work is done by whoever submits it."""

    def __init__(self, max_workers: int) -> None:
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

    vars(memory)["threading"] = SimpleNamespace(RLock=threading.RLock, Timer=TimerAtOnce)

with contextlib.suppress(ImportError):
    from opentelemetry.sdk import resources

    names = {**vars(concurrent.futures), "ThreadPoolExecutor": ExecutorAtOnce}
    vars(resources)["concurrent"] = SimpleNamespace(futures=SimpleNamespace(**names))

with contextlib.suppress(ImportError):
    from argon2 import _utils

    # It would refuse several lanes here. Ours are done one after the other, with the same hash.
    vars(_utils)["_is_wasm"] = lambda: False
