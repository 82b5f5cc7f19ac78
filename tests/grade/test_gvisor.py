"""The sandbox with a kernel of its own: the same verdicts, and nothing is left behind.

Needs gVisor's runsc, on Linux.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course
from checker.errors import EnvironmentTrouble
from checker.grade import gvisor
from checker.grade.isolation import Examiner, choose

HERE = Path(__file__).parent
HOSTILE = HERE / "hostile"
COURSE = Course.load(HERE / "prison")
STEP = COURSE.step(1)
EXERCISE = STEP.exercises[0]
# The other doors answer as they should.
DOORS = ("loop", "leave", "daemon", "segfault", "print", "recursion")
SAID = (
    "still not done|exit code 0|was killed|segmentation fault|printed more|RecursionError"
    "|stopped answering"
)

installed = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("runsc") is None, reason="there is no runsc here"
)


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files are made, and nobody else's. Its name is short, for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="g-") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@installed
def test_hostile_and_honest_work_is_judged_as_in_any_sandbox(tmp_path: Path, scratch: Path) -> None:
    root = tmp_path / "submission"
    write_tree(solved(STEP), root)
    app = root / "app" / "__init__.py"
    tier = choose(unsafe=False, wanted="gvisor")
    assert tier.name == "gvisor"
    with Examiner(COURSE, tier, limit=10, budget=120) as examiner:
        verdicts = list(examiner.examine(root, STEP, [EXERCISE, EXERCISE], "seed"))
        assert [verdict.state for verdict in verdicts] == ["solved", "solved"]

        resources = (HOSTILE / "resources.py").read_text(encoding="utf-8")
        tests = [test.name for test in verdicts[0].tests]
        doors = [name.partition("[")[2].rstrip("]") for name in tests if "[" in name]
        others = "".join(f"\n{door} = honest" for door in doors if door not in DOORS)
        app.write_text(resources + others, encoding="utf-8")
        (verdict,) = examiner.examine(root, STEP, [EXERCISE], "seed")
        failed = {test.name: test.failure for test in verdict.tests if test.outcome != "passed"}
        assert len(failed) == len(DOORS)
        for name, failure in failed.items():
            assert failure is not None, name
            assert re.search(SAID, failure.message), (name, failure.message)

        # It looks for files, processes, tokens, a network; the second one for what is left.
        # gVisor brings a /sys, which tells of nothing but gVisor.
        secrets = (HOSTILE / "secrets.py").read_text(encoding="utf-8")
        app.write_text(secrets.replace('"sys", ', ""), encoding="utf-8")
        for _ in range(2):
            (verdict,) = examiner.examine(root, STEP, [EXERCISE], "seed")
            assert verdict.problem is not None
            assert "found: nothing while" in verdict.problem.message

    # Each process of a container names its bundle, which was made there.
    commands = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if str(scratch) in " ".join(command)] == []
    assert list(scratch.iterdir()) == []


PROGRAM = """#!/bin/sh
echo "this machine cannot" >&2
exit 1
"""


def test_one_that_does_not_work_is_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gvisor.problem() == "there is no runsc: install gVisor"
    program = tmp_path / "runsc"
    program.write_text(PROGRAM, encoding="ascii")
    program.chmod(0o755)
    assert gvisor.problem() == "this machine cannot"
    with pytest.raises(EnvironmentTrouble, match="this machine cannot") as caught:
        choose(unsafe=True, wanted="gvisor")
    assert caught.value.exit_code == 4
