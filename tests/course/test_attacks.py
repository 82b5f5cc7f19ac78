"""An attacker's hour on each solved step for which there is one: nothing gives.

On PostgreSQL where ``TEST_POSTGRES_URL`` names a server: it stores less than SQLite does, and lets
more happen at once. Else on SQLite.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course

SERVER = os.environ.get("TEST_POSTGRES_URL", "")
ATTACKS = Path(__file__).with_name("attacks")
COURSE = Course.load(Path(__file__).parents[2])


@pytest.mark.parametrize("number", [3])
def test_nothing_gives(number: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environ = dict(os.environ)
    if SERVER:
        environ["TEST_DATABASE_URL"] = request.getfixturevalue("database")
    write_tree(solved(COURSE.step(number)), tmp_path)
    attack = ATTACKS / f"step_{number}.py"
    tests = tmp_path / "tests" / "test_attacks.py"
    tests.write_text(attack.read_text(encoding="utf-8"), encoding="utf-8")

    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(
        run,
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
