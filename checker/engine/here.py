"""Checks in this very process, one after the other: for a page, where there is no other one.

The processes of the other engines end with their check, and what the learner's code did to
them ends there too. Here it has to be taken back.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
        with as_before():
            run({"job": job.to_json(), "stack": str(stack), "skip": 0}, supervisor.take)
        return supervisor.verdict()


@contextmanager
def as_before() -> Iterator[None]:
    """Within, import and change what you like; afterwards this process knows nothing of it.

    Every module that comes in goes again, so that the next check reads the learner's files
    anew, and a library that keeps something for the whole process begins anew too: import
    what is dear and keeps nothing beforehand.
    """
    modules, path, hooks = dict(sys.modules), list(sys.path), list(sys.path_hooks)
    by_path, environ, here = importlib.util.spec_from_file_location, dict(os.environ), Path.cwd()
    root = logging.getLogger()
    level, handlers, compiled = root.level, list(root.handlers), sys.pycache_prefix
    urandom = os.urandom
    try:
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
        root.setLevel(level)
        root.handlers[:] = handlers
        forget()
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]
        random.seed()
