"""Every step as a learner has it: starter, solved, and solved in another way.

Each state is laid out in a temporary folder and checked there, because every step has its own
package ``app``: types for all of them, and its tour where the state is a whole one. Its own tests
are run by ``checker author verify``.
The project that ``checker new`` makes of a solved step goes through its own gate instead, which
has the types and the tests in it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from checker.author.project.make import STEP, make_project
from checker.author.trees import Tree, below, lay, read_tree, write_tree
from checker.course import Course, Step

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {
    "types": ("mypy", "--config-file", str(ROOT / "pyproject.toml"), "app", "wsgi.py"),
    "tour": ("pytest", "-q", "-p", "no:cacheprovider", "--nbval", "tour.ipynb"),
    "gate": ("gate",),
}


class Place(NamedTuple):
    """A state of a step, laid out in ``root``, and what is to be checked there."""

    state: str
    root: Path
    checks: tuple[str, ...]


def main() -> int:
    failed = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(os.cpu_count(), initializer=begin, initargs=(Path(folder),)) as pool,
    ):
        for place, broken in pool.map(examined, places(Path(folder))):
            print(f"{place.state}: {', '.join(place.checks)}", flush=True)
            for name, output in broken.items():
                print(output)
                failed.append(f"{place.state}: {name}")
    for failure in failed:
        print(f"FAILED {failure}")
    return bool(failed)


def begin(folder: Path) -> None:
    """A thread begins with what mypy found out of the libraries when it looked at the checker.

    mypy itself sees what of it still holds; where it has not run, each thread finds it out.
    """
    known = ROOT / ".mypy_cache"
    if known.is_dir():
        shutil.copytree(known, types_in(folder))


def types_in(folder: Path) -> Path:
    """What runs at the same time must not share a cache of types; what follows it should."""
    return folder / f"types-{threading.current_thread().name}"


def places(folder: Path) -> Iterator[Place]:
    course = Course.load(ROOT)
    make_project(course, folder / "shop")
    yield Place("what checker new makes", folder / "shop", ("gate",))
    for step in course.steps:
        for number, (state, tree) in enumerate(states(step)):
            root = folder / f"{step.name}-{number}"
            write_tree(tree, root)
            yield Place(state, root, checks_of(step, state))


def checks_of(step: Step, state: str) -> tuple[str, ...]:
    """An alternative has no tour of its own; the gate has looked at the types of one state."""
    if "alternative" in state:
        return ("types",)
    return ("tour",) if step.number == STEP and state.endswith("solved") else ("types", "tour")


def examined(place: Place) -> tuple[Place, dict[str, str]]:
    """The place, and what those of its checks said that did not pass."""
    outputs = {name: said_by_failing(CHECKS[name], place.root) for name in place.checks}
    return place, {name: output for name, output in outputs.items() if output is not None}


def states(step: Step) -> Iterator[tuple[str, Tree]]:
    """The states of a step by name; an alternative is whole files over the solved step."""
    solutions = read_tree(step.solutions)
    solved = lay(read_tree(step.path), solutions)
    yield f"{step.name} starter", read_tree(step.path)
    yield f"{step.name} solved", solved
    for exercise in step.exercises:
        alternatives = below(solutions, f"alternatives/{exercise.id}")
        for name in sorted({path.split("/")[0] for path in alternatives}):
            yield (
                f"{step.name} alternative {exercise.id} {name}",
                {
                    **solved,
                    **below(alternatives, name),
                },
            )


def said_by_failing(check: tuple[str, ...], root: Path) -> str | None:
    """What a check prints, or ``None`` where it passes."""
    done = subprocess.run(
        [sys.executable, "-m", *check],
        cwd=root,
        env={**os.environ, "MYPY_CACHE_DIR": str(types_in(root.parent))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout if done.returncode else None


if __name__ == "__main__":
    sys.exit(main())
