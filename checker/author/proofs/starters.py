"""Every starter runs, and each exercise fails on it for the reason it declares."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.author.bench import Bench
from checker.author.findings import Finding, Scope, broken, holds, judged
from checker.author.proofs.common import crashed, described, is_called, manifest, not_as_expected
from checker.author.trees import Tree
from checker.course import Exercise, Step
from checker.engine.verdict import TestResult
from checker.harness.words import RAISED

LONGEST = 300.0  # seconds for a step's own suite: far beyond any, so that a hang ends


def starters(bench: Bench, scope: Scope) -> Iterator[Finding]:
    """The application starts, its own suite is green, the exercises are open."""
    yield from bench.map(lambda step: _runs(bench, step, "steps", bench.starter(step)), scope.steps)
    yield from bench.map(
        lambda step: _runs(bench, step, "solutions", bench.solved(step)), scope.steps
    )
    for found in bench.map(lambda exercise: list(_is_open(bench, exercise)), scope.exercises):
        yield from found


def _runs(bench: Bench, step: Step, which: str, tree: Tree) -> Finding:
    where = f"{which}/{step.name}"
    with bench.room(tree) as root:
        # What `flask run` needs: the app is found in wsgi.py and builds.
        routes = _python(root, ["-m", "flask", "routes"])
        if routes.returncode:
            return broken(where, f"flask routes: {_last(routes)}", "the app must build as it is")
        suite = _python(root, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"])
        if suite.returncode:
            return broken(
                where,
                f"its own tests/ are not green: {_last(suite)}",
                f"run them: cd {where} && python -m pytest tests",
            )
    return holds(where)


def _python(root: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # The author's own APP_ENV or SECRET_KEY must not make a starter run that would not.
    kept = {"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LC_ALL"}
    environment = {name: value for name, value in os.environ.items() if name.upper() in kept}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LONGEST,
        check=False,
    )


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return " / ".join(told[:3] or lines[-1:]) or f"exit code {done.returncode}"


def _is_open(bench: Bench, exercise: Exercise) -> Iterator[Finding]:
    where = manifest(bench.course, exercise)
    verdict = bench.check(bench.starter(bench.course.step_of(exercise)), exercise)
    if verdict.state == "solved":
        yield broken(where, "the starter passes already", "leave something to do in the starter")
        return
    crash = crashed(verdict.tests)
    if verdict.state != "not_yet" or crash:
        yield broken(
            where,
            f"the starter fails, but not by a test's own sentence: {crash or described(verdict)}",
            "the starter must run, and the test must judge it without crashing",
        )
        return
    yield judged(f"{where}, starter", not_as_expected(verdict.tests, exercise.starter))
    declared = [test for test in verdict.tests if is_called(test, exercise.starter.test)]
    if any(test.failure and test.failure.message.startswith(RAISED) for test in declared):
        yield broken(
            f"{where}, starter",
            f"the starter's code raises: {described(verdict)}",
            "what is not written yet answers 501, or in today's simpler way",
        )
    hanging = [test.name for test in verdict.tests if test.outcome == "timed_out"]
    if hanging:
        yield broken(where, f"on the starter {hanging[0]} takes for ever", "let the starter answer")
    yield judged(f"{where}, guards", _wrong_guards(exercise, verdict.tests))


def _wrong_guards(exercise: Exercise, tests: Sequence[TestResult]) -> tuple[str, str] | None:
    right = guards(tests)
    if set(right) == set(exercise.guards):
        return None
    missing = [name for name in right if name not in exercise.guards]
    extra = [name for name in exercise.guards if name not in right]
    said = []
    if missing:
        others = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        said.append(f"{missing[0]} passes on the starter{others}")
    if extra:
        others = f", nor are {len(extra) - 1} more" if len(extra) > 1 else ""
        said.append(f"{extra[0]} is no test that passes on the starter{others}")
    listed = ", ".join(f'"{name}"' for name in right)
    return "; ".join(said), f"declare guards = [{listed}]"


def guards(tests: Sequence[TestResult]) -> list[str]:
    """What passes, by function where all its parameters agree, else one by one."""
    functions: dict[str, list[TestResult]] = {}
    for test in tests:
        functions.setdefault(test.name.partition("[")[0], []).append(test)
    names: list[str] = []
    for function, cases in functions.items():
        passing = [case.name for case in cases if case.outcome == "passed"]
        names += [function] if len(passing) == len(cases) else passing
    return names
