"""A small course of two steps and four exercises, copied afresh for each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checker.learn.session import Session

# Its tests are there to grade, not to be collected here.
collect_ignore = ["course"]

GREETING = "work/01_first/app/greeting.py"
SOLVED = '"""Greetings."""\n\n\ndef greet(name: str) -> str:\n    return "hello " + name\n'


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Learner:
    """Somebody in front of a course of their own."""

    root: Path

    @property
    def session(self) -> Session:
        return Session.open(self.root)

    def path(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def save(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(data)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "VISUAL", "EDITOR")}
        return kept | {"PYTHONUTF8": "1"} | more

    def types(self, *arguments: str, cwd: str = ".", stdin: str = "", **environment: str) -> Answer:
        """Run a command as a process of its own, without a terminal."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "checker", *arguments],
            cwd=self.root / cwd,
            env=self.environment(**environment),
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Answer(
            done.returncode,
            done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"),
        )

    def git(self, *arguments: str) -> None:
        name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *name, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit_course(self) -> None:
        self.save(".gitignore", "work/\n__pycache__/\n")
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "The course")


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    return make_learner(tmp_path / "course")


@pytest.fixture
def new_learner() -> Callable[[Path], Learner]:
    """For tests that need several courses in one run."""
    return make_learner


def make_learner(root: Path) -> Learner:
    shutil.copytree(Path(__file__).parent / "course", root)
    # What a course's folder is known by.
    (root / "checker").mkdir()
    (root / "checker" / "course.py").touch()
    return Learner(root)
