"""Where the proofs run the exercises: warm engines, temporary rooms, verdicts kept by content."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from checker.author.trees import Blob, Tree, digest, lay, read_tree, write_tree
from checker.course import Course, Exercise, Step
from checker.engine.engine import Engine, create_engine
from checker.engine.errors import Cancelled
from checker.engine.events import Event, TestFinished, TestsCollected
from checker.engine.job import Job
from checker.engine.verdict import Failure, TestResult, Verdict
from checker.errors import EnvironmentTrouble

Item = TypeVar("Item")
Result = TypeVar("Result")
Subject = Literal["direct", "remote"]


class Engines:
    """``jobs`` warm engines; as many checks run at the same time."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.pool = ThreadPoolExecutor(jobs, thread_name_prefix="check")
        self._idle: queue.Queue[Engine] = queue.Queue()
        self._stack = ExitStack()
        for _ in range(jobs):
            engine = create_engine()
            self._stack.callback(engine.close)
            self._idle.put(engine)

    @contextmanager
    def borrowed(self) -> Iterator[Engine]:
        engine = self._idle.get()
        try:
            yield engine
        finally:
            self._idle.put(engine)

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class _Answer:
    """A verdict that one thread computes while others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    verdict: Verdict | None = None


class Bench:
    """One course on a set of engines."""

    def __init__(self, course: Course, engines: Engines) -> None:
        self.course = course
        self.engines = engines
        self._lock = threading.Lock()
        self._trees: dict[Path, dict[str, Blob]] = {}
        self._answers: dict[tuple[str, ...], _Answer] = {}

    def starter(self, step: Step) -> Tree:
        return self._read(step.path)

    def solutions(self, step: Step) -> Tree:
        """Everything in the step's folder of solutions, mistakes and alternatives included."""
        return self._read(step.solutions)

    def solved(self, step: Step, exercises: Iterable[Exercise] | None = None) -> dict[str, Blob]:
        """The starter with the solutions of ``exercises`` laid over it, of all by default."""
        return lay(self.starter(step), self.solutions(step), exercises)

    def check(
        self,
        tree: Tree,
        exercise: Exercise,
        *,
        world: Step | None = None,
        subject: Subject = "direct",
    ) -> Verdict:
        """Run the exercise's tests on ``tree``, with another step's ``world.py`` if given.

        The same question about the same content is answered once.
        """
        if world is not None and world.name == exercise.step_name:
            world = None
        key = (digest(tree), exercise.id, world.name if world else "", subject)
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
        with answer.lock:
            if answer.verdict is None:
                answer.verdict = self.check_anew(tree, exercise, world=world, subject=subject)
            return answer.verdict

    def check_anew(
        self,
        tree: Tree,
        exercise: Exercise,
        *,
        world: Step | None = None,
        subject: Subject = "direct",
    ) -> Verdict:
        """As :meth:`check`, without looking whether the answer is known."""
        with self.room(tree) as root, self.engines.borrowed() as engine:
            job = replace(Job.for_exercise(self.course, exercise, root), subject=subject)
            if world is not None:
                job = replace(job, exercises=world.tests)
            return _judged(engine.check(job))

    def first_failure(self, tree: Tree, exercise: Exercise) -> Failure | None:
        """Why the first test that fails does so, without running the others; none, ``None``."""
        failed: list[TestResult] = []

        def stop(event: Event) -> None:
            if isinstance(event, TestFinished) and event.result.outcome != "passed":
                failed.append(event.result)
                engine.cancel()

        with self.room(tree) as root, self.engines.borrowed() as engine:
            try:
                job = Job.for_exercise(self.course, exercise, root)
                verdict = _judged(engine.check(job, stop))
            except Cancelled:
                return failed[0].failure or Failure(failed[0].outcome)
        if verdict.state == "solved":
            return None
        return verdict.first_failure or Failure(verdict.state)

    def collected(self, tree: Tree, exercise: Exercise) -> list[str]:
        """The names of the exercise's tests, none of which is run."""
        names: list[str] = []

        def stop(event: Event) -> None:
            if isinstance(event, TestsCollected):
                names.extend(event.names)
                engine.cancel()

        with self.room(tree) as root, self.engines.borrowed() as engine, suppress(Cancelled):
            _judged(engine.check(Job.for_exercise(self.course, exercise, root), stop))
        return names

    @contextmanager
    def room(self, tree: Tree) -> Iterator[Path]:
        """A temporary folder that holds ``tree``: runs cannot see each other's traces."""
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as name:
            root = Path(name).resolve()
            write_tree(tree, root)
            yield root

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """``function`` of each item, computed side by side, handed back in order."""
        return self.engines.pool.map(function, items)

    def _read(self, folder: Path) -> dict[str, Blob]:
        with self._lock:
            if folder not in self._trees:
                self._trees[folder] = read_tree(folder)
            return self._trees[folder]


def _judged(verdict: Verdict) -> Verdict:
    """The verdict, unless it is about the machine and not about the course."""
    if verdict.state == "environment":
        raise EnvironmentTrouble(
            verdict.problem.message if verdict.problem else "the checks cannot run on this machine"
        )
    return verdict
