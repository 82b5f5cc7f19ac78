"""The examples of the teach track work as they are written."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from checker.course import Course
from checker.grade.hidden import read_hidden
from checker.grade.late import read_policy
from checker.grade.roster import read_roster

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs/examples/grading"
STEP = Course.load(REPOSITORY).steps[0]
WORKFLOW = EXAMPLES / "github_actions.yml"
RUNNER = {
    "CLASSROOM": "web",
    "ASSIGNMENT": "library",
    "SUBMISSION_TAG": "submit/2027-01-15T09-30-00Z-abc1234",
    "COMMIT_URL": "https://example.org/commit",
    "RELEASE_URL": "https://example.org/release",
}
# In place of the course's own set-up and of grading, which take minutes: it reads the arguments
# as the real command does, looks whether there is work to grade, and writes what is asked for.
START = """
import sys
from pathlib import Path
from checker.grade.commands import grade
from checker.grade.formats import Options, write
from checker.grade.model import ClassReport, Grade, GradedExercise

assert sys.argv[1] == "grade"
asked = grade.make_context("grade", sys.argv[2:]).params
(work,) = asked["submissions"].iterdir()
assert (work / "app/hooks.py").is_file()
assert asked["steps"] == ("1",) and not asked["unsafe"]
done = GradedExercise("1.4", "01_architecture", "Lifecycle hooks", 20.0, 15.0, "not_yet")
report = ClassReport("x", ("01",), (Grade("mine", "graded", 20.0, 15.0, 15.0, exercises=(done,)),))
write(report, {}, asked["out"], asked["formats"].split(","), Options())
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A repository to clone, as the course's would be."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "start.py").write_text(START, encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "The course"]):
        subprocess.run(["git", *command], cwd=folder, check=True, env=clean())
    return folder


def clean(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | more


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A learner's checkout of step 1."""
    folder = tmp_path / "work/submissions/mine"
    shutil.copytree(STEP.path, folder)
    (folder / ".git").mkdir()
    return folder


def test_the_hidden_test_the_policy_and_the_roster_can_be_read() -> None:
    (hidden,) = read_hidden(EXAMPLES / "extra", Course.load(REPOSITORY))
    policy = read_policy(EXAMPLES / "late.toml")
    roster = read_roster(EXAMPLES / "roster.csv")

    assert (hidden.step, hidden.points) == (STEP.name, 5)
    assert hidden.title == "An address that nobody knows"
    assert policy.factor(36 * 3600) == 0.8
    assert set(roster.members) == {"ada", "grace"}


def test_the_workflow_is_one_by_githubs_own_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    schema = ["--builtin-schema", "vendor.github-workflows"]

    done = subprocess.run(
        [*command, *schema, WORKFLOW], capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_command_of_the_workflow_tells_the_points(
    course: Path, submission: Path, tmp_path: Path
) -> None:
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["grade"]["steps"]
    words = shlex.split(steps[-1]["run"])
    # What comes before is how one becomes root, with two variables kept.
    command = words[words.index("python3") + 1 :]
    assert words[:2] == ["sudo", "env"]
    where = tmp_path / "work"
    shutil.copytree(course, where / "course")
    summary = tmp_path / "summary"
    absolute = [
        str(where / word) if word in {"submissions", "report", "course/start.py"} else word
        for word in command
    ]

    subprocess.run(
        [sys.executable, *absolute],
        cwd=where,
        env=clean(GITHUB_STEP_SUMMARY=str(summary)),
        check=True,
    )

    assert "| mine | 15 | 20 |" in summary.read_text(encoding="utf-8")
    assert (where / "report/junit.xml").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="it is for a runner on Linux")
def test_classroom_50_gets_its_result(course: Path, submission: Path, tmp_path: Path) -> None:
    # Where the tests do not run as root, nobody is asked for a password.
    sudo = tmp_path / "bin/sudo"
    sudo.parent.mkdir()
    sudo.write_text('#!/bin/sh\nshift\nexec "$@"\n', encoding="utf-8")
    sudo.chmod(0o755)
    path = os.pathsep.join([str(sudo.parent), os.environ["PATH"]])

    subprocess.run(
        [sys.executable, EXAMPLES / "autograder.py"],
        cwd=submission,
        env=clean(COURSE=str(course), PATH=path, **RUNNER),
        check=True,
    )

    told = json.loads((submission / "result.json").read_text(encoding="utf-8"))
    assert (told["score"], told["max-score"]) == (15, 20)
    assert told["submission"] == RUNNER["SUBMISSION_TAG"]
