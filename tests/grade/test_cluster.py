"""A real scheduler and two real workers on this machine, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import archives
import pytest

from checker.errors import EnvironmentTrouble
from checker.grade.isolation import choose
from checker.grade.workers import ClusterWorkers

pytest.importorskip("distributed", reason="the cluster's packages: requirements-cluster.lock")

DASK = [sys.executable, "-P", "-m", "dask"]


@pytest.fixture
def scratch(tmp_path):
    """Where the workers keep what they need for a while."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def started(tmp_path, scratch):
    """Start a process of the cluster; all of them end with the test."""
    processes = []

    def start(*arguments):
        with (tmp_path / f"{len(processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [*DASK, *map(str, arguments)],
                stdout=log,
                stderr=log,
                cwd=tmp_path,
                env={**os.environ, "TMPDIR": str(scratch)},
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
    for process in processes:
        process.wait(timeout=30)


@pytest.fixture
def scheduler(tmp_path, started):
    """The address of a scheduler that has two workers."""
    place = tmp_path / "scheduler.json"
    started(
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        place,
    )
    until(place.is_file)
    workers = [
        started(
            "worker",
            "--scheduler-file",
            place,
            "--host",
            "127.0.0.1",
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--name",
            name,
        )
        for name in ("first", "second")
    ]
    return json.loads(place.read_text("utf-8"))["address"], workers


def until(condition):
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_worker_loses_nothing(root, tmp_path, scheduler, scratch, half, solved):
    address, workers = scheduler
    names = [f"learner{number}" for number in range(8)]
    for at, name in enumerate(names):
        files = {**(solved if at % 2 else half), "notes.txt": name.encode()}
        archives.put(tmp_path / "in" / f"{name}.zip", archives.zipped(files))
    try:
        choose(unsafe=False)
        unsafe = []
    except EnvironmentTrouble:
        unsafe = ["--unsafe"]
    out = tmp_path / "out"
    until(lambda: ClusterSize(address).workers == 2)
    line = [sys.executable, "-P", "-m", "checker", "grade", tmp_path / "in", "--out", out]
    journal = out / ".grading" / "journal.jsonl"
    with subprocess.Popen(
        [*map(str, line), "--cluster", address, "--format", "json", *unsafe],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as grading:
        try:
            until(lambda: grading.poll() is not None or graded(journal) >= 2)
            before = graded(journal)
            workers[0].kill()
            said, _ = grading.communicate(timeout=300)
        finally:
            grading.kill()
    assert grading.returncode == 0, said
    grades = json.loads((out / "results.json").read_text("utf-8"))["grades"]
    assert {grade["student"]: grade["score"] for grade in grades} == {
        name: (30 if at % 2 else 20) for at, name in enumerate(names)
    }
    assert 2 <= before < len(names), "it was killed in the middle"
    left = {path.name.split("-")[2] for path in scratch.glob("course-grade-*")}
    assert left == {str(workers[1].pid)}, "the other one took away what the killed one left"
    assert list(scratch.glob("grade-*")) == []


def graded(journal):
    return journal.read_bytes().count(b'"verdicts"') if journal.is_file() else 0


class ClusterSize:
    """How many workers a scheduler has."""

    def __init__(self, address):
        workers = ClusterWorkers(address)
        self.workers = workers.width()
        workers.close(at_once=False)


def test_where_no_scheduler_answers_it_says_how_to_start_one():
    with pytest.raises(EnvironmentTrouble, match="no scheduler answers"):
        ClusterWorkers("tcp://127.0.0.1:9")


def test_a_worker_with_another_course_refuses(root):
    from checker.grade.worker import Task, Terms, WrongPlace, run

    terms = Terms(str(root), True, "none", "none", 10.0, 20.0, "other", "", ())
    with pytest.raises(WrongPlace, match="another version of the checker"):
        run(terms, Task("01_first", {}, "seed"))
