"""Where the work is done: processes on this machine or workers of a cluster, as one Executor."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from checker.errors import EnvironmentTrouble
from checker.grade.worker import Task, Terms, prepare, run

Label = TypeVar("Label")
# How often a task may be there when a worker dies, alone at the end, before it is given up.
_ATTEMPTS = 2


@dataclass(frozen=True)
class Done(Generic[Label]):
    """What came of one task: a ``result``, or the ``error`` that was in the way."""

    label: Label
    result: dict[str, Any] | None
    error: str | None = None


class Workers(Protocol):
    """An executor that can be had anew, and how many tasks it can run at once."""

    def submit(self, terms: Terms, task: Task) -> Future[dict[str, Any]]: ...

    def width(self) -> int: ...

    def renew(self) -> None: ...

    def close(self, *, at_once: bool) -> None: ...


class LocalWorkers:
    """``jobs`` processes on this machine, none of them forked from this one."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._executor = self._made()

    def _made(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.jobs, mp_context=context, initializer=prepare)

    def submit(self, terms: Terms, task: Task) -> Future[dict[str, Any]]:
        # This may start a process, which is not to be interrupted while it starts.
        with _no_interrupts():
            return self._executor.submit(run, terms, task)

    def width(self) -> int:
        return self.jobs

    def renew(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._made()

    def close(self, *, at_once: bool) -> None:
        if at_once:
            for child in multiprocessing.active_children():
                child.terminate()
        self._executor.shutdown(wait=not at_once, cancel_futures=True)


class ClusterWorkers:
    """The workers of a dask.distributed scheduler, wherever they run."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client as Connect
        except ImportError as error:
            raise EnvironmentTrouble(
                "--cluster needs dask.distributed, which is not installed:"
                " .venv/bin/pip install -r requirements-cluster.lock"
            ) from error
        try:
            self._client: Any = Connect(address, timeout=5, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise EnvironmentTrouble(
                f"no scheduler answers at {address}: start one with"
                " `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`"
            ) from error
        self._executor: Executor = self._client.get_executor(pure=False)

    def submit(self, terms: Terms, task: Task) -> Future[dict[str, Any]]:
        return self._executor.submit(run, terms, task)

    def width(self) -> int:
        with suppress(OSError, ValueError):
            return max(1, sum(int(count) for count in self._client.nthreads().values()))
        return 1

    def renew(self) -> None:
        raise EnvironmentTrouble("the scheduler is gone: start it, and type the same again")

    def close(self, *, at_once: bool) -> None:
        self._executor.shutdown(wait=not at_once)
        self._client.close(timeout=5)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait; a process that starts meanwhile never hears of it."""
    if sys.platform == "win32":
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def run_all(
    workers: Workers,
    terms: Terms,
    tasks: Iterable[tuple[Label, Callable[[], Task]]],
) -> Iterator[Done[Label]]:
    """Run every task, each made only when its turn is near; in the order in which they end.

    When a worker dies, what ran by then is run again, one at a time: the task that kills its
    worker twice more is given up, and no other.
    """
    waiting = iter(tasks)
    suspects: deque[tuple[Label, Task, int]] = deque()
    running: dict[Future[dict[str, Any]], tuple[Label, Task, int]] = {}
    finished = False
    while True:
        room = 1 if suspects else 2 * workers.width()
        while len(running) < room:
            if suspects:
                label, task, tried = suspects.popleft()
            elif finished:
                break
            else:
                try:
                    label, make = next(waiting)
                except StopIteration:
                    finished = True
                    break
                try:
                    task, tried = make(), 0
                except Exception as error:  # noqa: BLE001 - one submission must not stop the others
                    yield Done(label, None, f"{type(error).__name__}: {error}")
                    continue
            try:
                running[workers.submit(terms, task)] = (label, task, tried)
            except BrokenExecutor:
                suspects.append((label, task, tried))
                break
        if not running and not suspects:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        broken = not running
        for future in done:
            label, task, tried = running.pop(future)
            try:
                yield Done(label, future.result())
            except BrokenExecutor:
                broken = True
                suspects.append((label, task, tried + 1))
            except Exception as error:  # noqa: BLE001 - ours or the cluster's, told and graded again
                yield Done(label, None, _spoken(error))
        if broken:
            # Whatever else was in the pool is lost with it.
            suspects += [(label, task, tried + 1) for label, task, tried in running.values()]
            running.clear()
            workers.renew()
            given_up = [each for each in suspects if each[2] > _ATTEMPTS]
            for each in given_up:
                suspects.remove(each)
                yield Done(each[0], None, "the process that graded it died each time")


def _spoken(error: BaseException) -> str:
    kind = type(error).__name__
    if kind == "KilledWorker":
        return "the workers that graded it died each time"
    text = " ".join(str(error).split())
    return text[:300] if kind in ("WrongPlace", "EnvironmentTrouble") else f"{kind}: {text[:300]}"
