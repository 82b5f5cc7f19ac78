"""The gate: what must hold before anything is merged. The quick ones first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Check:
    """One command, and the settings that it runs with."""

    command: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)

    def run(self) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", *self.command],
            cwd=Path(__file__).parent,
            env=os.environ | self.settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        output, _ = process.communicate()
        print(output)
        return process.returncode


def checks(folder: str) -> Iterator[Check]:
    empty = {"TEST_DATABASE_URL": f"sqlite:///{folder}/gate.sqlite", "APP_ENV": "testing"}
    yield Check(("flask", "--app", "wsgi", "db", "upgrade"), empty)
    yield Check(("flask", "--app", "wsgi", "db", "check"), empty)
    yield Check(("ruff", "check"))
    yield Check(("mypy", "."))
    yield Check(("coverage", "run", "-m", "pytest", "tests"))
    yield Check(("coverage", "report", "--fail-under=70"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        worst = max(abs(check.run()) for check in checks(folder))
    sys.exit(worst)
