"""One pytest run in this very process, reported frame by frame."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import source_hash
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from _pytest.assertion import rewrite

from checker.engine.collected import Store, collectable
from checker.engine.job import Job
from checker.engine.reporter import Begin, Reporter, Send
from checker.engine.shadow import shadowing
from checker.harness import plugin
from checker.harness.compiled import SHELF, rewritten
from checker.harness.fresh import import_from_source
from checker.harness.ground import Ground

COLLECTED = Store()
"""What this process has collected, or the one that it is a fork of."""

# Only what exercises use: every plugin costs time in every check. The two that look for
# exceptions nobody caught run the garbage collector five times at the end.
_WITHOUT = (
    "cacheprovider",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "stepwise",
)
_WITHOUT_TOO = (
    "doctest",
    "unittest",
    "legacypath",
    "setuponly",
    "setupplan",
    "threadexception",
    "unraisableexception",
    "warnings",
)
_CONFIG = Path(__file__).with_name("pytest.ini")


def run(order: dict[str, Any], send: Send, begin: Begin) -> bool:
    """Run a job's tests and tell ``send`` about each; the last frame is ``done``.

    Returns whether every test passed.

    ``order`` is a frame with the ``job``, and with the path of its ``stack``, a file in a folder of
    this check's own, for what ``faulthandler`` finds. When the tests are read, and nothing of the
    learner's is yet, ``begin`` is called, which may wait: it tells which of them are to run,
    because another process sees to the others.
    """
    job, stack = Job.from_json(order["job"]), Path(order["stack"])
    sys.dont_write_bytecode = job.compiled is None
    if job.compiled is not None:
        sys.pycache_prefix = str(job.compiled)
    SHELF.missing.clear()
    _rewrite_once()
    import_from_source(Ground(job.root, job.exercises, job.edit))
    # Where the app is in another process, nothing of the learner's is imported in this one.
    here = job.root if job.subject == "direct" else job.exercises
    os.chdir(here)
    warnings: list[str] = []
    known = sys.modules.keys() - COLLECTED.late

    def start() -> slice:
        share = begin()
        os.chdir(here)  # it may have been moved away, and made anew
        importlib.invalidate_caches()
        warnings.extend(shadowing(job.root, sys.modules.keys() - known))
        return share

    shuffle = job.seed if job.shuffled else None
    collected = COLLECTED.get(job) if collectable(job) else None
    if collected is not None:
        reporter = collected.reporter
        passed = collected.run(_options(job, stack), send, start, shuffle)
    else:
        reporter = Reporter()
        reporter.begin(send, start, shuffle)
        code = pytest.main(_arguments(job, stack), plugins=[plugin, reporter])
        passed = code == pytest.ExitCode.OK
    done = {"event": "done", "warnings": warnings, "problem": reporter.problem}
    send({**done, "stopped": reporter.stopped, "compiled": SHELF.missing})
    return passed


def collect(table: dict[str, Any]) -> None:
    """Collect a job's tests in this process, for those that it will fork."""
    job = Job.from_json(table)
    if collectable(job):
        _rewrite_once()
        COLLECTED.collect(job, _common(job), plugin)


def _rewrite_once() -> None:
    """Have pytest's rewritten tests from the shelf, where they are on it."""

    def rewrite_test(fn: Path, config: pytest.Config) -> tuple[bytes, CodeType]:
        source = fn.read_bytes()
        return source_hash(source), rewritten(source, str(fn))

    rewrite._rewrite_test = rewrite_test


def _arguments(job: Job, stack: Path) -> list[str]:
    target = f"{job.test}::{job.select}" if job.select else str(job.test)
    said = []
    for name, value in _options(job, stack).items():
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        said += [f"--{name.replace('_', '-')}={each}" for each in values]
    return [*_common(job, target), *said]


def _common(job: Job, target: str | None = None) -> list[str]:
    """What holds for every submission."""
    return [
        target or str(job.test),
        f"--config-file={_CONFIG}",
        f"--rootdir={job.exercises}",
        "--noconftest",
        "--import-mode=importlib",
        "--capture=no",
        "--tb=native",
        *(part for name in (*_WITHOUT, *_WITHOUT_TOO) for part in ("-p", f"no:{name}")),
    ]


def _options(job: Job, stack: Path) -> dict[str, Any]:
    """What holds for this job alone, by pytest's names for it."""
    return {
        "course_root": job.root,
        "course_exercises": job.exercises,
        "course_limit": job.limit,
        "course_stack": stack,
        "course_edit": job.edit,
        "subject": job.subject,
        "course_address": job.address,
        "course_seen": job.seen,
        "course_kept": job.kept,
        "course_seed": job.seed,
        "basetemp": stack.with_name("tmp"),
    }
