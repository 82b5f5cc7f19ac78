"""The examiner: judges submissions, each in a sandbox of its own, and believes none of them."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from checker.course import Course, Exercise, Step
from checker.engine.engine import ForkEngine
from checker.engine.job import Job
from checker.engine.preload import MODULES
from checker.engine.verdict import Failure, Verdict
from checker.errors import EnvironmentTrouble
from checker.files import tree
from checker.grade.flags import TAMPERING, flags
from checker.grade.probe import (
    BUBBLEWRAP,
    GROUPS,
    GVISOR,
    NAMESPACES,
    SECCOMP,
    Layer,
    probe,
    probe_gvisor,
)
from checker.grade.sandbox import LIBRARY, Sandbox, Walls, environment, learners_uid
from checker.grade.stage import Stage, TooMuch
from checker.grade.warm import Warm

__all__ = ["TAMPERING", "Examiner", "Layer", "Tier", "choose", "flags", "probe"]


@dataclass(frozen=True)
class Tier:
    """A sandbox by its name, and the layers it is made of on this machine, by theirs."""

    name: str
    layers: tuple[str, ...] = ()


def choose(unsafe: bool, wanted: str | None = None) -> Tier:
    """The sandbox to grade in: ``bwrap``, or ``none`` where that is allowed and all there is.

    ``gvisor`` is had for the asking alone: it is stronger, and slower.

    ``EnvironmentTrouble`` says what to install: without a sandbox nothing is graded, unless
    it is said to be ``unsafe``.
    """
    if wanted not in {None, "bwrap", "gvisor", "none"}:
        raise EnvironmentTrouble(
            f"there is no sandbox {wanted!r}: bwrap, gvisor, or none with --unsafe"
        )
    if wanted == "gvisor":
        layer = probe_gvisor()
        if not layer.works:
            raise EnvironmentTrouble(f"no sandbox to grade in: {GVISOR}: {layer.why}")
        groups = (each.name for each in probe() if each.name in GROUPS.values() and each.works)
        return Tier("gvisor", (GVISOR, *NAMESPACES, *groups))
    if wanted == "none" and not unsafe:
        raise EnvironmentTrouble("grading without a sandbox must be asked for: --unsafe")
    layers = probe() if wanted != "none" else []
    missing = next((layer for layer in layers if layer.needed and not layer.works), None)
    if layers and missing is None:
        return Tier("bwrap", tuple(layer.name for layer in layers if layer.works))
    if unsafe and wanted != "bwrap":
        return Tier("none")
    what, why = (missing.name, missing.why) if missing else (BUBBLEWRAP, "not asked for")
    repair = f" ({missing.repair})" if missing and missing.repair else ""
    raise EnvironmentTrouble(
        f"no sandbox to grade in: {what} does not work here: {why}{repair}."
        " `checker doctor --grading` shows every layer. --unsafe grades without one, and then"
        " the learners' code may do all that you may"
    )


class Examiner:
    """Holds a warm process for the tests, and judges one step folder after the other.

    A test may take ``limit`` seconds, all tests of an exercise ``budget`` together. Not to be
    shared by threads.
    """

    def __init__(
        self, course: Course, tier: Tier, *, limit: float = 10.0, budget: float = 60.0
    ) -> None:
        self.course = course
        self.tier = tier
        self.limit = limit
        self.budget = budget
        self._imported: dict[str, tuple[str, ...]] = {}
        self._warm: dict[str, Warm] = {}
        _compile_packages()
        self._compiled = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
        self._engine = ForkEngine({"PYTHONHASHSEED": "0"})

    def examine(
        self,
        step_root: Path,
        step: Step,
        exercises: Sequence[Exercise],
        seed: str | None = None,
        shuffled: bool = False,
    ) -> Iterator[Verdict]:
        """A verdict for each exercise, in order, on the step folder of one submission.

        One sandbox serves them all, and has gone when the last verdict has been taken. With
        a ``seed`` the tests' random values are the same each time. ``shuffled`` gives the
        tests another order, by the seed, and the learner's code another hash seed.
        """
        with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as name:
            try:
                stage = Stage(Path(name), step_root, step)
            except TooMuch as error:
                for exercise in exercises:
                    yield Verdict(exercise.id, "does_not_load", problem=Failure(str(error)))
                return
            whole = tuple(dict.fromkeys(name for each in exercises for name in each.edit))
            seconds = int(self.budget + self.limit + 1) * max(len(exercises), 1)
            with self._sandbox(stage, step, seconds, _hash_seed(seed, shuffled)) as sandbox:
                for exercise in exercises:
                    yield self._verdict(stage, sandbox, exercise, whole, seed, shuffled)

    def close(self) -> None:
        """End the warm processes."""
        self._engine.close()
        for warm in self._warm.values():
            warm.close()
        self._compiled.cleanup()

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sandbox(self, stage: Stage, step: Step, seconds: int, hash_seed: int) -> Sandbox:
        layers = self.tier.layers
        walls = Walls(
            namespaces=self.tier.name in {"bwrap", "gvisor"},
            gvisor=self.tier.name == "gvisor",
            seccomp=SECCOMP in layers,
            groups=tuple(what for what, layer in GROUPS.items() if layer in layers),
        )
        if step.name not in self._imported:
            self._imported[step.name] = imported(step)
        preload = self._imported[step.name]
        warm = None
        if walls.namespaces and not walls.gvisor and hash_seed == 0 and learners_uid():
            if step.name not in self._warm:
                self._warm[step.name] = Warm(preload, environment(0), LIBRARY)
            warm = self._warm[step.name]
        return Sandbox(walls, stage, step.name, preload, seconds, hash_seed, warm)

    def _verdict(
        self,
        stage: Stage,
        sandbox: Sandbox,
        exercise: Exercise,
        whole: tuple[str, ...],
        seed: str | None,
        shuffled: bool,
    ) -> Verdict:
        job = replace(
            Job.for_exercise(self.course, exercise, stage.handed_in),
            limit=self.limit,
            budget=self.budget,
            patience=self.budget,
            subject="remote",
            address=sandbox.address,
            seen=sandbox.seen,
            seed=seed,
            shuffled=shuffled,
            compiled=Path(self._compiled.name),
            stack=stage.folder / "stack",
            whole=whole,
        )
        verdict = None if sandbox.trouble else self._engine.check(job, app=sandbox.app)
        if verdict is None or sandbox.trouble is not None:
            trouble = Failure(sandbox.trouble or "")
            return Verdict(exercise.id, "environment", problem=trouble)
        return verdict


def _hash_seed(seed: str | None, shuffled: bool) -> int:
    if seed is None or not shuffled:
        return 0
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")


def imported(step: Step) -> tuple[str, ...]:
    """The libraries that a step's app imports, solved or not, so that they can be warm.

    Where learners write tests, also what these import: they run where the app does.
    """
    local = {"app", "suite", "world", "wsgi"}
    found: set[str] = set()
    for folder in (step.path / "app", step.solutions / "app", step.tests, step.solutions / "tests"):
        for name, path in tree(folder).items():
            if name.endswith(".py") and not (folder == step.tests and name.startswith("test_")):
                found |= _imports(path)
            if folder == step.solutions / "tests":
                local.add(path.stem)
    found = {name for name in found if name.partition(".")[0] not in local}
    packages = {name.partition(".")[0] for name in found}
    # And what these import themselves only when they are used.
    late = {name for name in MODULES if name.partition(".")[0] in packages - {"checker"}}
    return tuple(sorted(found | late))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def _compile_packages() -> None:
    """See that the libraries are compiled, where they lie: a sandbox cannot keep what it compiles.

    Python does so by itself where it is let. Takes no time when it has been done.
    """
    known = [importlib.util.find_spec(name) for name in ("flask", "sqlalchemy.orm", "authlib")]
    if all(spec is None or spec.cached is None or Path(spec.cached).exists() for spec in known):
        return
    names = ", ".join(name for name in MODULES if not name.startswith("checker"))
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with suppress(OSError):
        subprocess.run(
            [sys.executable, "-P", "-c", f"import {names}, authlib.integrations.flask_oauth2"],
            env=environment,
            capture_output=True,
            check=False,
        )
