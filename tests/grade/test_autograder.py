"""The zip for Gradescope: it grades as it is, and carries no answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from checker.cli import cli
from checker.course import Course
from checker.grade.autograder import SCRIPTS, build_autograder

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = Course.load(REPOSITORY)
STEP = COURSE.steps[0]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The autograder's folder as Gradescope lays it out."""
    root = tmp_path_factory.mktemp("autograder")
    build_autograder(COURSE, (STEP,), root / "autograder.zip", unsafe=True)
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        archive.extractall(root / "source")
    return root


def test_the_same_course_gives_the_same_bytes(unpacked: Path, tmp_path: Path) -> None:
    build_autograder(COURSE, (STEP,), tmp_path / "again.zip", unsafe=True)

    assert (tmp_path / "again.zip").read_bytes() == (unpacked / "autograder.zip").read_bytes()


def test_the_scripts_can_be_run_and_nothing_else(unpacked: Path) -> None:
    with zipfile.ZipFile(unpacked / "autograder.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}

    assert {name for name, mode in modes.items() if mode & 0o111} == set(SCRIPTS)
    for name in SCRIPTS:
        script = (unpacked / "source" / name).read_text(encoding="utf-8")
        assert "@" not in script.replace('"$@"', "")


def test_no_solution_is_in_it(unpacked: Path) -> None:
    """What is there has the name that the manifest asks for, and no content."""
    course = Course.load(unpacked / "source")

    assert [step.name for step in course.steps] == [STEP.name]
    there = [path for path in (unpacked / "source/solutions").rglob("*") if path.is_file()]
    assert there
    assert sum(path.stat().st_size for path in there) == 0


def test_what_sets_it_up_finds_all_it_needs(unpacked: Path, tmp_path: Path) -> None:
    """The last thing that ``start.py`` does, and the only one that needs more than a network."""
    build = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"

    done = subprocess.run(
        [sys.executable, "-c", build, tmp_path],
        cwd=unpacked / "source",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (unpacked / "source/start.py").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Gradescope runs its autograders on Linux")
def test_a_submission_gets_its_points(unpacked: Path) -> None:
    """All of it but what ``setup.sh`` installs, which is what runs this test."""
    submission = unpacked / "submission"
    shutil.copytree(STEP.path, submission)
    shutil.copytree(STEP.solutions / "app", submission / "app", dirs_exist_ok=True)
    tools = unpacked / "source/.venv/bin"
    tools.mkdir(parents=True)
    checker = f'#!/bin/sh\nexec {sys.executable} -m checker "$@"\n'
    (tools / "checker").write_text(checker, encoding="utf-8")
    (tools / "checker").chmod(0o755)

    done = subprocess.run(
        ["bash", unpacked / "source/run_autograder"],
        env=os.environ | {"AUTOGRADER_ROOT": str(unpacked)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads((unpacked / "results/results.json").read_text(encoding="utf-8"))
    assert told["score"] == sum(exercise.points for exercise in STEP.exercises)
    assert [test["status"] for test in told["tests"]] == ["passed"] * len(STEP.exercises)
    assert told["extra_data"]["sandbox"] in {"bwrap", "none"}


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"

    said = CliRunner().invoke(cli, ["gradescope", "--step", "1", "--out", str(out)])

    assert said.exit_code == 0, said.output
    assert "mine.zip, which grades 01_architecture" in said.output
    assert b"--step 01_architecture\n" in zipfile.ZipFile(out).read("run_autograder")
