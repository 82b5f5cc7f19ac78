"""Every step as a learner has it: starter, solved, and solved in another way.

Each state is laid out in a temporary folder and checked there, because every step has its own
package ``app``: types for all of them; its own tests and its tour, where the state is a whole one.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from checker.author.trees import Tree, below, lay, read_tree, write_tree
from checker.course import Course, Step

ROOT = Path(__file__).resolve().parents[1]
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
CHECKS = {
    "types": ("mypy", "--config-file", str(ROOT / "pyproject.toml"), "app", "wsgi.py"),
    "tests": (*PYTEST, "tests"),
    "tour": (*PYTEST, "--nbval", "tour.ipynb"),
}


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MYPY_CACHE_DIR"] = str(Path(folder) / "types")
        for step in Course.load(ROOT).steps:
            for place, (state, tree) in enumerate(states(step)):
                root = Path(folder) / f"{step.name}-{place}"
                write_tree(tree, root)
                wanted = ("types",) if "alternative" in state else tuple(CHECKS)
                broken = [name for name in wanted if not passes(CHECKS[name], root)]
                print(f"{state}: {', '.join(wanted)}", flush=True)
                failed += [f"{state}: {name}" for name in broken]
    for failure in failed:
        print(f"FAILED {failure}")
    return bool(failed)


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


def passes(check: tuple[str, ...], root: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", *check],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
