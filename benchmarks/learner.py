"""How long a learner waits, as ratios taken in one run: python benchmarks/learner.py

    save to verdict    from saving a file until the watch screen shows what came of it
    first green        the same for the save that solves the exercise, after one that does not
    check              the same tests on the warm engine, without a screen
    list               `checker list` from a cold start

All but the last are compared with `python -m pytest` on the same exercise in a fresh interpreter,
the last with `python -c pass`. The sides take turns, so that a busy machine slows them all, and it
is medians that are compared. --budget exits with 1 when a ratio is not what the design promises.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from checker.author.trees import solved, write_tree
from checker.course import Course, Exercise
from checker.engine.engine import create_engine
from checker.engine.job import Job
from checker.learn.session import Session

ROOT = Path(__file__).resolve().parents[1]
COURSE = ("checker", "solutions", "steps")

FASTER = (7.0, "at least 7 times faster")
SLOWER = (1 / 8.0, "at most 8 times slower")
NOTICED = 0.1
# What an engine gets ready for its next check while nobody waits is not for the other side to pay.
REST = 0.5

Times = list[float]
Side = tuple[tuple[Times, ...], Callable[[], tuple[float, ...]]]


@dataclass(frozen=True)
class Measure:
    """Seconds of ``what`` and of ``other``, taken in turns.

    ``promise`` is the least ratio that will do, and the words for it.
    """

    what: str
    other: str
    promise: tuple[float, str]
    ours: Times = field(default_factory=list)
    others: Times = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as long as ours the other takes."""
        return statistics.median(self.others) / statistics.median(self.ours)

    @property
    def is_kept(self) -> bool:
        return self.ratio >= self.promise[0]

    @property
    def row(self) -> str:
        """One line of a Markdown table."""
        ours, other = statistics.median(self.ours), statistics.median(self.others)
        ratio = f"{self.ratio:.1f} times faster"
        if self.ratio < 1:
            ratio = f"{1 / self.ratio:.1f} times slower"
        cells = (self.what, spoken(ours), f"{self.other} {spoken(other)}", ratio, self.promise[1])
        return f"| {' | '.join(cells)} |"


HEADER = """\
| what | takes | compared with | so it is | promised |
| --- | ---: | --- | ---: | --- |"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how long a learner waits.")
    parser.add_argument("exercises", nargs="*", help="such as 1.4; all, if not given")
    parser.add_argument("--quick", action="store_true", help="one exercise a step, fewer turns")
    parser.add_argument("--json", action="store_true", help="print every single time as JSON")
    parser.add_argument("--budget", action="store_true", help="exit with 1 when one is too slow")
    options = parser.parse_args()
    turns = 5 if options.quick else 9
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        session = solved_session(Path(folder).resolve() / "course")
        measures: list[Measure] = []

        def tell(new: Iterable[Measure]) -> None:
            measures.extend(new)
            if not options.json:
                print(*(measure.row for measure in new), sep="\n", flush=True)

        if not options.json:
            print(HEADER)
        tell([measure_list(session, 3 * turns)])
        for exercise in chosen(session.course, options.exercises, options.quick):
            print(f"measuring {exercise.id}", file=sys.stderr)
            tell(list(measure_exercise(session, exercise, turns)))
    if options.json:
        print(json.dumps([asdict(measure) for measure in measures]))
    slow = [measure for measure in measures if options.budget and not measure.is_kept]
    for measure in slow:
        print(f"TOO SLOW: {measure.row}", file=sys.stderr)
    return 1 if slow else 0


def solved_session(root: Path) -> Session:
    """A learner in a copy of the course, every step started and solved."""
    for name in COURSE:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    session = Session.open(root)
    for step in session.course.steps:
        write_tree(solved(step), session.workspace.folder(step))
    return session


def chosen(course: Course, names: Sequence[str], quick: bool) -> Iterable[Exercise]:
    if names:
        return [course.exercise(name) for name in names]
    return [step.exercises[0] for step in course.steps] if quick else course.exercises


def measure_list(session: Session, turns: int) -> Measure:
    measure = Measure("`checker list`, cold", "`python -c pass`", SLOWER)
    root = session.course.root
    take_turns(
        turns,
        ((measure.ours,), lambda: run(root, "-P", "-m", "checker", "list")),
        ((measure.others,), lambda: run(root, "-c", "pass")),
    )
    return measure


def measure_exercise(session: Session, exercise: Exercise, turns: int) -> Iterator[Measure]:
    """The waits of one exercise.

    It is solved, and each save adds a comment; but before the first green it is the starter's.
    """
    root = session.workspace.folder(session.course.step_of(exercise))
    job = Job.for_exercise(session.course, exercise, root)
    fresh: Times = []
    checked = Measure(f"{exercise.id}, check", "fresh pytest", FASTER, others=fresh)
    judged = Measure(f"{exercise.id}, save to verdict", "fresh pytest", FASTER, others=fresh)
    limit = (1.0, f"within {spoken(NOTICED)}")
    green = Measure(f"{exercise.id}, first green", "fresh pytest", FASTER, others=fresh)
    noticed = Measure(f"{exercise.id}, save to “checking”", "the limit", limit, others=[NOTICED])

    with ExitStack() as stack:
        engine = stack.enter_context(create_engine(ahead=True))

        def check() -> tuple[float, ...]:
            began = time.perf_counter()
            verdict = engine.check(job)
            if verdict.state != "solved":
                raise SystemExit(f"{exercise.id} is not solved by its solution: {verdict}")
            return (time.perf_counter() - began,)

        sides: list[Side] = [
            ((fresh,), lambda: run(root, "-m", "pytest", "-q", f"exercises/{exercise.test}")),
            ((checked.ours,), check),
        ]
        yield checked
        if sys.platform != "win32":  # where Python has no pseudo-terminal
            from screen import WatchScreen

            session.choose(exercise)
            screen = stack.enter_context(WatchScreen(session.course.root))
            file = root / exercise.edit[0]
            starter = session.course.step_of(exercise).path / exercise.edit[0]

            def solve() -> tuple[float, ...]:
                solution = file.read_text(encoding="utf-8")
                screen.save(file, starter.read_text(encoding="utf-8"))
                time.sleep(REST)
                return screen.save(file, solution)[1:]

            sides.append(
                (
                    (noticed.ours, judged.ours),
                    lambda: screen.save(file, file.read_text(encoding="utf-8") + "# saved\n"),
                )
            )
            sides.append(((green.ours,), solve))
            yield judged
            yield green
            yield noticed
        take_turns(turns, *sides, rest=REST)


def take_turns(turns: int, *sides: Side, rest: float = 0.0) -> None:
    """Run the sides one after the other, ``turns`` times, after a turn that does not count."""
    for turn in range(turns + 1):
        for kept, side in sides:
            time.sleep(rest)
            for seconds, series in zip(side(), kept, strict=True):
                if turn:
                    series.append(seconds)


def run(root: Path, *arguments: str) -> tuple[float]:
    """Seconds of one fresh interpreter, which must succeed.

    It may keep what it compiles, as everybody's does: else the peer is slower than it is in life.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *arguments]
    began = time.perf_counter()
    subprocess.run(command, cwd=root, env=kept, stdout=subprocess.PIPE, check=True)
    return (time.perf_counter() - began,)


def spoken(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
