"""What one worker does, here or on another machine: one step of one submission at a time.

A worker is told nothing about the learner. It gets the files, lays them out in a room of their
own, has them examined, and hands back plain data.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from checker.course import Course, Exercise, Step, find_course
from checker.engine.verdict import Verdict
from checker.grade import cache as hashes
from checker.grade.hidden import HiddenTest, contents
from checker.grade.isolation import Examiner, Tier, choose, flags
from checker.grade.settled import settled

_SCRATCH = "course-grade-"


@dataclass(frozen=True)
class Terms:
    """What all tasks of a run have in common. The hashes are what a worker must find, too."""

    course: str
    unsafe: bool
    wanted: str | None
    tier: str
    limit: float
    budget: float
    checker: str
    environment: str
    tests: tuple[tuple[str, str], ...]
    hidden: tuple[HiddenTest, ...] = ()


@dataclass(frozen=True)
class Task:
    """One step to examine. ``hidden_only`` leaves the course's own tests out.

    ``shuffled`` runs the tests in another order, and the learner's code with another hash seed.
    """

    step: str
    files: Mapping[str, bytes]
    seed: str
    shuffled: bool = False
    hidden_only: bool = False


class WrongPlace(Exception):
    """This machine would not grade as the one that asks: another version, another sandbox."""


def run(terms: Terms, task: Task) -> dict[str, Any]:
    """Examine one step: its verdicts, its flags, and how long each exercise took."""
    sweep()
    bench = _bench(terms)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    start = time.perf_counter()
    room = Path(tempfile.mkdtemp(prefix="room-", dir=_scratch()))
    try:
        result = bench.examine(room, task)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return {**result, "began": began, "seconds": time.perf_counter() - start}


class _Bench:
    """A course, its tests and a warm examiner: made once for each thread that works."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.course = _course(terms.course)
        self.tier = choose(terms.unsafe, terms.wanted)
        self._check()
        # Whatever is made from here on goes with this process, or is swept when it was killed.
        tempfile.tempdir = _scratch()
        self.extra = Path(tempfile.mkdtemp(prefix="tests-", dir=_scratch()))
        for test in terms.hidden:
            file = self.extra / test.step / test.name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(test.content)
        self.examiner = Examiner(self.course, self.tier, limit=terms.limit, budget=terms.budget)

    def examine(self, room: Path, task: Task) -> dict[str, Any]:
        step = self.course.step(task.step)
        root = room / step.name
        lay_out(task.files, root)
        hidden = [test for test in self.terms.hidden if test.step == step.name]
        exercises = [] if task.hidden_only else list(step.exercises)
        exercises += [test.exercise(self.extra) for test in hidden]
        found = flags(root, step)
        verdicts = []
        seconds = {}
        start = time.perf_counter()
        examined = self.examiner.examine(root, step, exercises, task.seed, task.shuffled)
        with closing(until_stuck(examined, exercises)) as found_out:
            for verdict in found_out:
                verdicts.append({**verdict.to_json(), "seconds": 0.0})
                seconds[verdict.exercise] = time.perf_counter() - start
                start = time.perf_counter()
        result: dict[str, Any] = settled(
            {"verdicts": verdicts, "flags": [asdict(flag) for flag in found]}, self._places(room)
        )
        return {**result, "exercises": seconds}

    def _places(self, room: Path) -> dict[str, str]:
        """What differs between machines and runs, and what is said instead; the innermost first."""
        places = {
            str(room): "",
            str(self.extra): "/extra",
            str(self.course.root): "/course",
            str(Path(__file__).resolve().parents[2]): "/course",
            sys.prefix: "/venv",
            sys.base_prefix: "/python",
        }
        return dict(sorted(places.items(), key=lambda pair: -len(pair[0])))

    def close(self) -> None:
        self.examiner.close()
        shutil.rmtree(self.extra, ignore_errors=True)

    def _check(self) -> None:
        wanted, here = self.terms, describe(self.tier)
        if here != wanted.tier:
            raise WrongPlace(f"this worker has the sandbox {here}, and {wanted.tier} is asked for")
        if hashes.checker_digest() != wanted.checker:
            raise WrongPlace("this worker has another version of the checker")
        if hashes.environment_digest() != wanted.environment:
            raise WrongPlace("this worker has another Python, or other packages")
        for name, digest in wanted.tests:
            mine = hashes.tests_digest(self.course.step(name), contents(wanted.hidden, name))
            if mine != digest:
                raise WrongPlace(f"this worker has other tests of {name}")


def until_stuck(
    examined: Iterator[Verdict], exercises: Sequence[Exercise]
) -> Generator[Verdict, None, None]:
    """The verdicts, until the app took all its time to load: it is the same app in every exercise.

    So a loop at its import takes the limit once, and not once for each exercise.
    """
    stuck: Verdict | None = None
    for exercise in exercises:
        if stuck is not None:
            yield Verdict(exercise.id, "does_not_load", problem=stuck.problem)
            continue
        verdict = next(examined)
        yield verdict
        timed_out = any(test.outcome == "timed_out" for test in verdict.tests)
        if verdict.state == "does_not_load" and timed_out:
            stuck = verdict
            if isinstance(examined, Generator):
                examined.close()


def describe(tier: Tier) -> str:
    """A tier in one word for comparing: its name and all its layers."""
    return " ".join((tier.name, *tier.layers))


def lay_out(files: Mapping[str, bytes], root: Path) -> None:
    """Write ``files``, whose names are safe, below ``root``; every byte as it was handed in."""
    root.mkdir(parents=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def starter_files(step: Step) -> dict[str, bytes]:
    from checker.files import tree

    return {name: path.read_bytes() for name, path in tree(step.path).items()}


_mine = threading.local()


def _bench(terms: Terms) -> _Bench:
    bench: _Bench | None = getattr(_mine, "bench", None)
    if bench is None or bench.terms != terms:
        if bench is not None:
            bench.close()
        bench = _mine.bench = _Bench(terms)
        multiprocessing.util.Finalize(bench, bench.close, exitpriority=20)
    return bench


def _course(root: str) -> Course:
    place = Path(root)
    if not (place / "steps").is_dir():  # another machine, where the course lies elsewhere
        found = find_course(Path(__file__).resolve())
        if found is None:
            raise WrongPlace("this worker has no course")
        place = found
    return Course.load(place)


@cache
def _scratch() -> str:
    """This process's own folder, which goes with it."""
    folder = tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-", dir=_ground())
    multiprocessing.util.Finalize(
        None, shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, exitpriority=10
    )
    return folder


@cache
def _ground() -> Path:
    """Where the folders of all workers lie."""
    return Path(tempfile.gettempdir())


def sweep() -> None:
    """Take away the folders of workers that were killed."""
    for other in _ground().glob(f"{_SCRATCH}*"):
        owner = other.name.removeprefix(_SCRATCH).partition("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(other, ignore_errors=True)


def _is_alive(process: int) -> bool:
    import psutil  # type: ignore[import-untyped]

    try:
        # A zombie is only a name: whoever killed it may take long to ask what became of it.
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def prepare() -> None:
    """Begin a local worker: Ctrl-C is for its parent to answer, and it never outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows; elsewhere it was blocked before
    tempfile.tempdir = _scratch()  # what a killed engine leaves behind is found there
    if sys.platform != "win32":
        os.umask(0o022)
    signal.signal(signal.SIGTERM, _leave)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _leave(*_: object) -> None:
    """End at once, and leave nothing on the disk. What was started here ends with its pipes."""
    folder = Path(_scratch())
    for _attempt in range(100):
        # Another thread may be writing there meanwhile, and what it started may not have ended.
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.02)
    os._exit(1)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    _leave()
