"""Checks in this very process, one after the other: for a page, where there is no other one.

The processes of the other engines end with their check, and what the learner's code did to
them ends there too. Here it has to be taken back.
"""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checker.engine.events import Event
from checker.engine.job import Job
from checker.engine.session import run
from checker.engine.supervise import Supervisor
from checker.engine.verdict import Verdict
from checker.harness.footprints import forget


def check(job: Job, on_event: Callable[[Event], None] | None = None) -> Verdict:
    """Run the job's tests; whoever waits for a loop without end must end the process."""
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        stack = Path(folder) / "stack.txt"
        supervisor = Supervisor(job, stack, lambda: False, on_event)
        supervisor.begin_process()
        # An app that is gone, as a whole: SQLAlchemy looks at the classes of all that are left,
        # and would find those of half an app. What a suite had kept from collection goes, too.
        gc.unfreeze()
        gc.collect()
        with as_before(), listening([]):
            known = set(sys.modules)
            run({"job": job.to_json(), "stack": str(stack)}, supervisor.take, lambda: slice(None))
            unmap({name: sys.modules[name] for name in set(sys.modules) - known})
        return supervisor.verdict()


def unmap(modules: Mapping[str, Any]) -> None:
    """Have SQLAlchemy forget the classes of an app that goes, with its ``modules``.

    Where an app has failed half-way, somebody may still hold a part of it, and each app after it
    would fail over classes that refer to what was never there.
    """
    bases = [vars(module).get("Base") for module in modules.values()]
    registries: list[Any] = [getattr(base, "registry", None) for base in bases]
    for registry in {id(each): each for each in registries}.values():
        if hasattr(registry, "dispose"):
            registry.dispose()


@contextmanager
def as_before() -> Iterator[None]:
    """Within, import and change what you like; afterwards this process knows nothing of it.

    Every module that comes in goes again, so that the next check reads the learner's files
    anew, and a library that keeps something for the whole process begins anew too: import
    what is dear and keeps nothing beforehand.
    """
    modules, path, hooks = dict(sys.modules), list(sys.path), list(sys.path_hooks)
    by_path, environ, here = importlib.util.spec_from_file_location, dict(os.environ), Path.cwd()
    compiled, urandom = sys.pycache_prefix, os.urandom
    try:
        with _loggers_as_before():
            yield
    finally:
        for name in [name for name in sys.modules if name not in modules]:
            del sys.modules[name]
        sys.modules.update(modules)
        sys.path[:], sys.path_hooks[:], sys.pycache_prefix = path, hooks, compiled
        sys.path_importer_cache.clear()
        importlib.util.spec_from_file_location = by_path
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(here)
        forget()
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]
        random.seed()


@contextmanager
def _loggers_as_before() -> Iterator[None]:
    """Within, loggers may come, and be set; afterwards only those are left that were, as they were.

    Each says again which one is above it, too: one that came between them would still be asked for
    its level, though nobody finds it by its name any more.
    """
    root = logging.getLogger()
    named = root.manager.loggerDict
    known = dict(named)
    loggers = [each for each in (root, *known.values()) if isinstance(each, logging.Logger)]
    states = [
        (each, each.parent, each.level, each.propagate, each.disabled, list(each.handlers))
        for each in loggers
    ]
    try:
        yield
    finally:
        named.clear()  # a new one of the same name has no level and no handler
        named.update(known)
        for each, parent, level, propagate, disabled, handlers in states:
            each.parent, each.level = parent, level
            each.propagate, each.disabled, each.handlers[:] = propagate, disabled, handlers
        root.setLevel(root.level)  # all forget what they have worked out from those above them


@contextmanager
def listening(heard: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> Iterator[None]:
    """Within, SQLAlchemy tells those who are in ``heard``, and who comes to listen joins them.

    Afterwards none of them is told any more. Only those count who listen to a class of
    SQLAlchemy's own: that is one for all apps, and whoever listens there never goes by itself.
    """
    try:
        from sqlalchemy import event
        from sqlalchemy.event import api
    except ImportError:  # a step without a database
        yield
        return
    listen = api.listen

    def listened(target: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(target, type) and target.__module__.startswith("sqlalchemy."):
            heard.append(((target, *args), kwargs))
        listen(target, *args, **kwargs)

    for args, kwargs in heard:
        listen(*args, **kwargs)
    event.listen = api.listen = listened
    try:
        yield
    finally:
        event.listen = api.listen = listen
        for args, _ in heard:
            if event.contains(*args):
                event.remove(*args)
