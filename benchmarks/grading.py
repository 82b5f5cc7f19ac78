"""What grading a class costs, as ratios taken in one run: python benchmarks/grading.py

A class is generated from the course itself: solutions, mistakes, starters, and hostile work. It is
graded with one job and with two, then again unchanged, then with one file edited; a sample of it is
run by `python -m pytest` in a process for each submission and step, as most graders do. With
--kills the run is killed at random moments, and must come to the same bytes as the undisturbed one.
--budget exits with 1 when a promise of the design is not kept.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from checker.author.diffs import apply_patch
from checker.author.trees import Blob, Tree, lay, read_tree, write_tree
from checker.course import Course, Step

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("solution", "mistake", "starter", "solution", "mistake", "hostile")
# Each at the end of app/__init__.py, where every test meets it.
HOSTILE = {
    "exits": "\nimport os\nos._exit(0)\n",
    "exits politely": "\nraise SystemExit\n",
    "loops": "\nwhile True:\n    pass\n",
    "sleeps": "\nimport time\ntime.sleep(1e6)\n",
    "prints": "\nwhile True:\n    print('10 passed ' * 1000)\n",
    "allocates": "\nhoard = [bytearray(1 << 24) for _ in range(4000)]\n",
    "forks": "\nimport os\nwhile True:\n    os.fork()\n",
}


@dataclass(frozen=True)
class Result:
    """What was measured. Seconds are of a wall clock, megabytes the most that was resident.

    ``cpu`` is the processors' time of all processes together, which a busy machine changes least:
    for one submission and step, hostile work included. It is counted by a control group, as what
    dies with its sandbox is in no process's account; where no group can be made it is not known.

    ``by_step`` has the sampled submissions only, the same ones by pytest and graded: with one job
    that is what grading costs. ``waited`` has the whole class, hostile work too, by the number of
    jobs: what somebody waits for it, to what pytest one after the other takes for as many that
    are honest (for the hostile ones, it would be for ever).
    """

    submissions: int
    steps: int
    naive_seconds: float
    graded_seconds: float
    ratio: float
    by_step: Mapping[str, Mapping[str, float]]
    waited: Mapping[int, float]
    naive_cpu: float | None
    graded_cpu: float | None
    hostile_seconds: float
    whole: Mapping[int, float]
    speed_up: float | None
    parent_megabytes: Mapping[int, float]
    all_megabytes: Mapping[int, float]
    again_seconds: float
    edited_seconds: float
    regraded: int
    kills: int
    same_after_kills: bool | None


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what grading a class costs.")
    parser.add_argument("--submissions", type=int, default=24)
    parser.add_argument("--step", action="append", help="such as 1; all, if not given")
    every = sorted({1, 2, os.cpu_count() or 1})
    parser.add_argument("--jobs", type=int, nargs="*", default=every)
    parser.add_argument("--sample", type=int, default=5, help="submissions that pytest runs too")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--no-hostile", action="store_true")
    parser.add_argument("--unsafe", action="store_true", help="without a sandbox")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--budget", action="store_true")
    options = parser.parse_args()
    course = Course.load(ROOT)
    steps = [course.step(name) for name in options.step] if options.step else list(course.steps)
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as name:
        result = measure(Path(name), steps, options)
    print(json.dumps(asdict(result), indent=1) if options.json else told(result))
    broken = list(promises_broken(result)) if options.budget else []
    for words in broken:
        print(f"NOT KEPT: {words}", file=sys.stderr)
    return 1 if broken else 0


def measure(place: Path, steps: Sequence[Step], options: argparse.Namespace) -> Result:
    kinds = [kind for kind in KINDS if kind != "hostile" or not options.no_hostile]
    handed_in = place / "in"
    handed_in.mkdir()
    made = dict(generated(steps, options.submissions, kinds))
    for student, trees in made.items():
        (handed_in / f"{student}.zip").write_bytes(packed(trees))
    grade = Grading(handed_in, steps, options.unsafe)
    whole, parent, everything = {}, {}, {}
    cpu: dict[int, float | None] = {}
    for jobs in options.jobs:
        print(f"grading with {jobs} jobs", file=sys.stderr)
        with Account() as account:
            run = grade(place / f"out{jobs}", jobs)
        cpu[jobs] = account.shared_by(len(made) * len(steps))
        whole[jobs], parent[jobs], everything[jobs] = run
    last = place / f"out{options.jobs[-1]}"
    undisturbed = results_of(place / f"out{options.jobs[0]}")
    timings = {jobs: timings_of(place / f"out{jobs}") for jobs in options.jobs}
    seconds = {name: told["seconds"] for name, told in timings[options.jobs[0]].items()}
    # A file that was written a moment ago is read once more: its times do not settle it yet.
    time.sleep(2.5)
    grade(last, 2)
    again = min(grade(last, 2)[0] for _ in range(3))
    known = journal_lines(last)
    student = next(iter(made))
    first = made[student][steps[0].name]
    edited_trees = {**made[student], steps[0].name: with_more(first, "# edited\n")}
    (handed_in / f"{student}.zip").write_bytes(packed(edited_trees))
    edited = grade(last, 2)[0]
    regraded = journal_lines(last) - known
    (handed_in / f"{student}.zip").write_bytes(packed(made[student]))
    naive_each, naive_cpu = sample(place, made, steps, options.sample)
    naive = statistics.mean(naive_each.values())
    graded = statistics.mean(seconds[name] / len(steps) for name in made if "hostile" not in name)
    hostile = [seconds[name] for name in made if "hostile" in name]
    same = None
    if options.kills:
        same = survives(grade, place, options.kills) == undisturbed
    return Result(
        submissions=len(made),
        steps=len(steps),
        naive_seconds=naive,
        graded_seconds=graded,
        ratio=graded / naive,
        by_step={step.name: costs(step, naive_each, timings) for step in steps},
        waited={n: took / len(made) / len(steps) / naive for n, took in whole.items()},
        naive_cpu=naive_cpu,
        graded_cpu=cpu[options.jobs[0]],
        hostile_seconds=statistics.median(hostile) / len(steps) if hostile else 0.0,
        whole=whole,
        speed_up=whole[1] / whole[2] if {1, 2} <= whole.keys() else None,
        parent_megabytes=parent,
        all_megabytes=everything,
        again_seconds=again,
        edited_seconds=edited,
        regraded=regraded,
        kills=options.kills,
        same_after_kills=same,
    )


def generated(
    steps: Sequence[Step], count: int, kinds: Sequence[str]
) -> Iterator[tuple[str, dict[str, Tree]]]:
    """Submissions by name, each with a tree for every step; no two are the same."""
    trees = {step.name: (read_tree(step.path), read_tree(step.solutions)) for step in steps}
    for number in range(count):
        kind = kinds[number % len(kinds)]
        work: dict[str, Tree] = {}
        for step in steps:
            starter, solutions = trees[step.name]
            tree = starter if kind == "starter" else lay(starter, solutions)
            if kind == "mistake":
                patches = sorted(name for name in solutions if name.startswith("mistakes/"))
                tree = apply_patch(tree, solutions[patches[number % len(patches)]].data)
            more = f"# {number}\n"
            if kind == "hostile":
                more += list(HOSTILE.values())[number // len(kinds) % len(HOSTILE)]
            work[step.name] = with_more(tree, more)
        yield f"{kind}{number:04}", work


def with_more(tree: Tree, more: str) -> Tree:
    """``tree`` with something at the end of the file that every test meets."""
    name = "app/__init__.py"
    return {**tree, name: Blob(tree[name].data + more.encode())}


def packed(trees: Mapping[str, Tree]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for step, tree in trees.items():
            for name, blob in tree.items():
                archive.writestr(f"work/{step}/{name}", blob.data)
    return made.getvalue()


@dataclass(frozen=True)
class Grading:
    """`checker grade` on one class, in a process of its own."""

    handed_in: Path
    steps: Sequence[Step]
    unsafe: bool

    def command(self, out: Path, jobs: int) -> list[str]:
        steps = [part for step in self.steps for part in ("--step", step.name)]
        line = [sys.executable, "-P", "-m", "checker", "grade", self.handed_in, "--out", out]
        line += ["--jobs", jobs, "--format", "json", *steps, *(["--unsafe"] * self.unsafe)]
        return [str(part) for part in line]

    def start(self, out: Path, jobs: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(out, jobs),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, out: Path, jobs: int) -> tuple[float, float, float]:
        """Seconds, and the megabytes of the process itself and of all below it."""
        began = time.perf_counter()
        process = self.start(out, jobs)
        watch = Memory(process.pid)
        said, _ = process.communicate()
        seconds = time.perf_counter() - began
        watch.over.set()
        if process.returncode:
            raise SystemExit(f"the class was not graded:\n{said}")
        return seconds, watch.parent, watch.everything


class Memory(threading.Thread):
    """Looks twice a second how much memory a process takes, and all that it started."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(process)
        self.over = threading.Event()
        self.parent = self.everything = 0.0
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.5):
            with contextlib.suppress(psutil.Error):
                own = self.process.memory_info().rss / 1e6
                below = sum(self._shared_out(p) for p in self.process.children(recursive=True))
                self.parent = max(self.parent, own)
                self.everything = max(self.everything, own + below)

    @staticmethod
    def _shared_out(process: psutil.Process) -> float:
        """What would be free without it, and its part of what it shares, where that is told."""
        with contextlib.suppress(psutil.Error):
            told = process.memory_full_info()
            return float(getattr(told, "pss", told.rss)) / 1e6
        return 0.0


def sample(
    place: Path,
    made: Mapping[str, Mapping[str, Tree]],
    steps: Sequence[Step],
    count: int,
) -> tuple[dict[tuple[str, str], float], float | None]:
    """Seconds of pytest in a fresh process, by submission and step; and its mean CPU.

    Hostile work is left out: pytest would wait for it for ever. They stand in the middle of the
    class: its first ones wait for the libraries that a worker imports for all of them.
    """
    honest = [name for name in made if "hostile" not in name]
    kinds = len([kind for kind in KINDS if kind != "hostile"])
    first = len(honest) // 2 // kinds * kinds  # a solution, whatever the size
    names = honest[first : first + count]
    naive = {}
    with Account() as account:
        for name in names:
            for step in steps:
                root = place / "naive" / name / step.name
                write_tree(made[name][step.name], root)
                began = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "pytest", "-q", "exercises"],
                    cwd=root,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
                naive[name, step.name] = time.perf_counter() - began
    return naive, account.shared_by(len(naive))


def costs(
    step: Step, naive: Mapping[tuple[str, str], float], timings: Mapping[int, Mapping[str, Any]]
) -> dict[str, float]:
    """Mean seconds of the sampled submissions of a step: by pytest, and with so many jobs."""
    names = [name for name, of in naive if of == step.name]
    found = {"pytest": statistics.mean(naive[name, step.name] for name in names)}
    for jobs, told in timings.items():
        found[str(jobs)] = statistics.mean(of_step(step, told[name]) for name in names)
    return found


def of_step(step: Step, told: Mapping[str, Any]) -> float:
    """What a submission took of one step: of all its seconds, the share of that's exercises."""
    exercises = told["exercises"]
    own = sum(exercises.get(each.id, 0.0) for each in step.exercises)
    return float(told["seconds"] * own / sum(exercises.values()))


class Account:
    """The processors' time of all that is started in this context, by a control group.

    Of version 1 or 2; the process itself is in the group meanwhile, and goes back.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None

    def __enter__(self) -> "Account":
        self._left = contextlib.ExitStack()
        for row in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, names, path = row.split(":", 2)
            if names in {"", "cpuacct", "cpu,cpuacct"}:
                own = Path("/sys/fs/cgroup", names, path.lstrip("/"))
                with contextlib.suppress(OSError):
                    self._begin(own, own / f"benchmark-{os.getpid()}")
                    break
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    def _begin(self, own: Path, group: Path) -> None:
        with contextlib.ExitStack() as opened:
            group.mkdir()
            opened.callback(group.rmdir)
            self._enter(group)
            opened.callback(self._enter, own)
            before = self._used(group)
            self._left = opened.pop_all()
        self._left.callback(lambda: setattr(self, "seconds", self._used(group) - before))

    def shared_by(self, parts: int) -> float | None:
        return None if self.seconds is None else self.seconds / parts

    @staticmethod
    def _enter(group: Path) -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    @staticmethod
    def _used(group: Path) -> float:
        old = group / "cpuacct.usage"
        if old.exists():
            return int(old.read_text(encoding="ascii")) / 1e9
        rows = (group / "cpu.stat").read_text(encoding="ascii").splitlines()
        return int(dict(row.split() for row in rows)["usage_usec"]) / 1e6


def timings_of(out: Path) -> dict[str, Any]:
    """How long each submission took, and each exercise of it, as the journal tells it."""
    text = (out / ".grading" / "timings.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def journal_lines(out: Path) -> int:
    file = out / ".grading" / "journal.jsonl"
    return file.read_bytes().count(b'"verdicts"') if file.exists() else 0


def survives(grade: Grading, place: Path, kills: int) -> str:
    """What a run comes to that is killed again and again."""
    out = place / "killed"
    for number in range(kills):
        known = journal_lines(out)
        process = grade.start(out, 2)
        # One in four in its first seconds, the others when at least one result was added.
        while number % 4 and process.poll() is None and journal_lines(out) == known:
            time.sleep(0.02)
        try:
            process.wait(random.uniform(0.1, 3.0))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        print(f"killed {number + 1} times, {journal_lines(out)} results", file=sys.stderr)
    grade(out, 2)
    return results_of(out)


def results_of(out: Path) -> str:
    return hashlib.sha256((out / "results.json").read_bytes()).hexdigest()


def told(result: Result) -> str:
    rows = [
        ("submissions × steps", f"{result.submissions} × {result.steps}"),
        ("pytest in a process, per submission and step", f"{result.naive_seconds:.2f} s"),
        ("graded, per submission and step", f"{result.graded_seconds:.2f} s"),
        ("ratio", f"{result.ratio:.2f}, promised 0.45"),
        *((f"{step}, to pytest", in_ratios(row)) for step, row in result.by_step.items()),
        *(
            (f"the class as it is, {n} jobs, to pytest one by one", f"{ratio:.2f}")
            for n, ratio in result.waited.items()
        ),
        ("CPU of pytest, per submission and step", in_seconds(result.naive_cpu)),
        ("CPU of grading, per submission and step", in_seconds(result.graded_cpu)),
        ("which is of pytest's", of_pytests(result)),
        ("hostile work, per submission and step", f"{result.hostile_seconds:.1f} s"),
        *((f"the whole class, {n} jobs", f"{s:.1f} s") for n, s in result.whole.items()),
        ("two jobs are faster", f"{result.speed_up:.2f} times" if result.speed_up else "—"),
        *(
            (f"memory of the parent, {n} jobs", f"{m:.0f} MB")
            for n, m in result.parent_megabytes.items()
        ),
        *((f"memory of all, {n} jobs", f"{m:.0f} MB") for n, m in result.all_megabytes.items()),
        ("the same class again", f"{result.again_seconds:.2f} s, promised 2 s for 200"),
        ("one file edited", f"{result.edited_seconds:.1f} s, {result.regraded} regraded"),
        ("killed, then the same bytes", f"{result.kills} times, {result.same_after_kills}"),
    ]
    return "\n".join(f"| {what} | {much} |" for what, much in rows)


def in_seconds(value: float | None) -> str:
    return "not known: no control group can be made" if value is None else f"{value:.2f} s"


def in_ratios(row: Mapping[str, float]) -> str:
    ratios = (f"{row[n] / row['pytest']:.2f} ({n} jobs)" for n in row if n != "pytest")
    return f"{', '.join(ratios)} of {row['pytest']:.2f} s"


def of_pytests(result: Result) -> str:
    if result.naive_cpu is None or result.graded_cpu is None:
        return "not known"
    return f"{result.graded_cpu / result.naive_cpu:.2f}"


def promises_broken(result: Result) -> Iterator[str]:
    if result.ratio > 0.45:
        yield f"graded in {result.ratio:.2f} of pytest's time, promised 0.45"
    if result.speed_up is not None and result.speed_up < 1.6:
        yield f"two jobs are {result.speed_up:.2f} times as fast, promised 1.6"
    if result.again_seconds > 2:
        yield f"an unchanged class took {result.again_seconds:.1f} s, promised 2"
    if result.regraded != 1:
        yield f"one edited file regraded {result.regraded}, promised 1"
    if result.same_after_kills is False:
        yield "killed, it came to other bytes"


if __name__ == "__main__":
    sys.exit(main())
