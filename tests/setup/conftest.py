"""A small course for start.py to set up: real pip and uv, wheels made on the spot, no network.

Its lock pins uv, because start.py fetches that first, and a stand-in for pytest; its package
``checker`` reports how it was called. Nothing is built with a library: a wheel is a zip file.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uv

START = Path(__file__).parents[2] / "start.py"
# The interpreter below the tests' own .venv: that one was made by uv and has no pip.
BASE_PYTHON: str = sys._base_executable  # type: ignore[attr-defined]
EXE = ".exe" if os.name == "nt" else ""

REPORTER = """
import json, os, sys
print(json.dumps({"who": __package__ or "pytest", "arguments": sys.argv[1:], "cwd": os.getcwd(),
                  "prefix": sys.prefix, "environment": dict(os.environ)}))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""

BACKEND = """
import pathlib, sys, time, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    here = pathlib.Path(__file__).parent
    while (here / "hold").exists():
        (here / "holding").touch()
        time.sleep(0.02)
    name, info = "small_course-1-py3-none-any.whl", "small_course-1.dist-info"
    tags = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    named = "Metadata-Version: 2.1\\nName: small-course\\nVersion: 1\\n"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("small_course.pth", str(here))
        wheel.writestr(f"{info}/METADATA", named)
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "".join(f"{file},,\\n" for file in wheel.namelist()))
    return name
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small-course"
version = "1"
"""


@dataclass(frozen=True)
class Wheels:
    """A folder of wheels that pip and uv install from, and nothing else."""

    folder: Path

    def add(self, name: str, files: dict[str, bytes]) -> str:
        """Make the wheel ``name`` 1.0 and return its line for a lock."""
        path = self.folder / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        files = {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(path, "w") as wheel:
            for file, content in {**files, f"{info}/RECORD": record.encode()}.items():
                entry = zipfile.ZipInfo(file)
                entry.external_attr = (0o100755 if "/scripts/" in file else 0o100644) << 16
                wheel.writestr(entry, content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}==1.0 \\\n    --hash=sha256:{digest}\n"

    @classmethod
    def make(cls, folder: Path) -> tuple["Wheels", str]:
        """The wheels a small course needs, and its lock."""
        wheels = cls(folder)
        binary = Path(uv.find_uv_bin())
        forward = f'#!/bin/sh\nexec "{binary}" "$@"\n'  # the binary itself takes seconds to pack
        script = binary.read_bytes() if EXE else forward.encode()
        lock = wheels.add("pytest", {"pytest.py": REPORTER.encode()})
        return wheels, lock + wheels.add("uv", {f"uv-1.0.data/scripts/uv{EXE}": script})


@dataclass(frozen=True)
class Outcome:
    code: int
    output: str
    said: str

    @property
    def report(self) -> dict[str, Any]:
        """What the stand-in for the checker, or for pytest, saw of the world."""
        report: dict[str, Any] = json.loads(self.output)
        return report

    @property
    def set_up(self) -> bool:
        """Whether this start had anything to set up."""
        return "Setting up" in self.said


@dataclass(frozen=True)
class SmallCourse:
    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, lock: str, environment: dict[str, str]) -> "SmallCourse":
        (root / "checker").mkdir(parents=True)
        shutil.copy(START, root / "start.py")
        (root / "requirements.lock").write_text(lock, encoding="utf-8")
        (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        (root / "backend.py").write_text(BACKEND, encoding="utf-8")
        (root / "checker" / "__init__.py").touch()
        (root / "checker" / "__main__.py").write_text(REPORTER, encoding="utf-8")
        return cls(root, environment)

    @property
    def made_by_uv(self) -> bool:
        return "uv =" in (self.root / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8")

    @property
    def stamps(self) -> set[str]:
        """Names and times of the marks of a complete set-up."""
        return {f"{path} {path.stat().st_mtime_ns}" for path in self.root.glob(".venv/" + "?" * 64)}

    def popen(
        self,
        *arguments: str,
        python: tuple[str, ...] = (BASE_PYTHON,),
        cwd: Path | None = None,
        **environment: str,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*python, str(self.root / "start.py"), *arguments],
            cwd=cwd or self.root,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def start(self, *arguments: str, **options: Any) -> Outcome:
        """Run start.py to its end."""
        return self.finish(self.popen(*arguments, **options))

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> Outcome:
        with process:
            try:
                output, said = process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()  # and its pipes are closed: no other test is to hear of it
                raise
        return Outcome(process.returncode, output, said)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory) -> tuple[Wheels, str]:
    return Wheels.make(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def offline(wheels, tmp_path_factory) -> dict[str, str]:
    """An environment in which pip and uv install from the wheels made here, and only those."""
    others = {name: os.environ[name] for name in os.environ if name[:3] not in {"PIP", "UV_"}}
    return others | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(wheels[0].folder),
        "PIP_NO_INDEX": "1",
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv cache")),
        "UV_FIND_LINKS": str(wheels[0].folder),
        "UV_NO_CONFIG": "1",
        "UV_NO_INDEX": "1",
    }


@pytest.fixture
def course(wheels, offline, tmp_path) -> SmallCourse:
    """A course that nobody has started yet, in a folder with a space in its name."""
    return SmallCourse.make(tmp_path / "my course", wheels[1], offline)


@pytest.fixture(scope="module")
def started(wheels, offline, tmp_path_factory) -> SmallCourse:
    """A course that is set up; for tests that leave it so."""
    course = SmallCourse.make(tmp_path_factory.mktemp("courses") / "set up", wheels[1], offline)
    outcome = course.start()
    assert outcome.code == 0, outcome.said
    return course
