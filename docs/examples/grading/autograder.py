"""Classroom 50 runs this in the learner's checkout, and reads the result.json that it leaves.

It belongs in CLASSROOM/autograders/ASSIGNMENT/ of your classroom50 repository. There, give the
assignment the runtime {"python": "3.11", "apt": ["bubblewrap"]}.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COURSE = os.environ.get("COURSE", "https://example.org/you/course.git")
STEP = "1"


# section: grade
def grade(scratch: Path) -> None:
    submissions, course, report = (scratch / name for name in ("class", "course", "report"))
    shutil.copytree(Path.cwd(), submissions / "submission", ignore=shutil.ignore_patterns(".git"))
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", COURSE, course], check=True)
    # As root: Ubuntu lets nobody else open a sandbox. The checker drops it inside.
    root = [] if os.geteuid() == 0 else ["sudo", "--preserve-env"]
    start = [*root, sys.executable, course / "start.py", "grade", submissions, "--out", report]
    subprocess.run([*start, "--step", STEP, "--format", "classroom50"], check=True)
    shutil.copyfile(report / "classroom50" / "result.json", "result.json")


# end section: grade
with tempfile.TemporaryDirectory() as folder:
    grade(Path(folder))
