"""Tests that are collected once: the course's own are the same for every submission.

A process that forks does so before the first fork, and each child finds them as it would have
collected them itself. Nothing of a submission is known then, so that nothing of it can be left
for the next one.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.config import _prepareconfig
from _pytest.tmpdir import TempPathFactory

from checker.engine.job import Job
from checker.engine.reporter import Begin, Reporter, Send
from checker.harness.garbage import settle
from checker.harness.shipping import ship_all

_MOST = 200
_Key = tuple[Path, Path, bytes]


class NotTheSame(Exception):
    """Collected again, these tests may be others: they draw random values, or cannot be read."""


@dataclass
class Collected:
    """One session of pytest, up to the point where the first test would run."""

    session: pytest.Session
    reporter: Reporter
    modules: dict[str, ModuleType]
    finders: list[Any]

    @classmethod
    def of(cls, arguments: list[str], plugin: object, folder: Path) -> Collected:
        """Collect tests of ``folder``; :class:`NotTheSame` where each process must do so itself."""
        reporter = Reporter()
        before, finders = set(sys.modules), list(sys.meta_path)
        with _no_chance() as drawn:
            config = _prepareconfig(arguments, [plugin, reporter])
            try:
                config._do_configure()
                session = pytest.Session.from_config(config)
                config.hook.pytest_sessionstart(session=session)
                config.hook.pytest_collection(session=session)
            except (Exception, SystemExit) as error:
                raise NotTheSame from error
            finally:
                new = [finder for finder in sys.meta_path if finder not in finders]
                sys.meta_path[:] = finders
                # Two tests may have one name, and so may what they import.
                names = [name for name in sys.modules.keys() - before if _lies(name, folder)]
                modules = {name: sys.modules.pop(name) for name in names}
        if reporter.problem is not None or drawn:
            raise NotTheSame
        for module in modules.values():
            ship_all(module)
        return cls(session, reporter, modules, new)

    def run(self, options: dict[str, Any], send: Send, start: Begin, order: str | None) -> bool:
        """Run the tests in this process, which is a fork; whether all have passed."""
        session, config = self.session, self.session.config
        os.environ["PYTEST_VERSION"] = pytest.__version__
        sys.modules.update(self.modules)
        sys.meta_path[:0] = self.finders
        for name, value in options.items():
            setattr(config.option, name, value)
        config._tmp_path_factory = TempPathFactory.from_config(  # type: ignore[attr-defined]
            config, _ispytest=True
        )
        self.reporter.begin(send, start, order)
        self.reporter.collected(session)
        passed = False
        session.exitstatus = pytest.ExitCode.OK
        try:
            config.hook.pytest_runtestloop(session=session)
            passed = not session.testsfailed and bool(session.testscollected)
        except (KeyboardInterrupt, pytest.Session.Interrupted, pytest.Session.Failed):
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        except BaseException:  # noqa: BLE001 - as pytest itself does
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            config.notify_exception(pytest.ExceptionInfo.from_current(), config.option)
        finally:
            status = session.exitstatus
            config.hook.pytest_sessionfinish(session=session, exitstatus=status)
            config._ensure_unconfigure()
        return passed


class Store:
    """What was collected in this process, by the tests' source."""

    def __init__(self) -> None:
        self._collected: dict[_Key, Collected | None] = {}
        self.late: set[str] = set()
        """The modules that tests have brought here: nobody else has asked for them."""

    def collect(self, job: Job, arguments: list[str], plugin: object) -> None:
        """Have the job's tests here, if they can be."""
        key = _key(job)
        if key in self._collected:
            return
        if len(self._collected) >= _MOST:
            self._collected.clear()
        place, before = Path.cwd(), set(sys.modules)
        os.chdir(job.exercises)
        try:
            self._collected[key] = Collected.of(arguments, plugin, job.exercises)
            settle()
        except NotTheSame:
            self._collected[key] = None
        finally:
            os.chdir(place)
            self.late |= sys.modules.keys() - before

    def get(self, job: Job) -> Collected | None:
        """The job's tests, if they are here."""
        return self._collected.get(_key(job)) if self._collected else None


def collectable(job: Job) -> bool:
    """Whether the job's tests are the course's own, and the app is in another process."""
    ours = job.test.parent == job.exercises and job.test.is_file()
    return ours and job.address is not None and job.select is None


def _key(job: Job) -> _Key:
    return job.exercises, job.test, hashlib.sha256(job.test.read_bytes()).digest()


def _lies(name: str, folder: Path) -> bool:
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)


@contextmanager
def _no_chance() -> Iterator[list[int]]:
    """Fills the list with something where random values are drawn within."""
    drawn: list[int] = []
    urandom, state = os.urandom, random.getstate()

    def noted(size: int, /) -> bytes:
        drawn.append(size)
        return urandom(size)

    os.urandom = noted
    random._urandom = noted  # type: ignore[attr-defined]
    try:
        yield drawn
    finally:
        os.urandom = urandom
        random._urandom = urandom  # type: ignore[attr-defined]
        if random.getstate() != state:
            drawn.append(0)
