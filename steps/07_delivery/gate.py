"""The gate: what must hold before anything is merged. ``python gate.py``, on a laptop and in CI.

Runs all of it, also after something has failed: whoever reads it wants to know everything at once.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent

CHECKS = {
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "tests": ["coverage", "run", "-m", "pytest", "-q", "tests"],
    "coverage": ["coverage", "report"],
    "upgrade": ["flask", "db", "upgrade"],
    "migrations": ["flask", "db", "check"],
}


def main() -> int:
    """Run the gate; the exit code."""
    with TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder, 'gate.db').as_posix()}"
        own = {"APP_ENV": "testing", "DATABASE_URL": address, "TEST_DATABASE_URL": address}
        environments = {"upgrade": own, "migrations": own}
        failed = [
            name
            for name, command in CHECKS.items()
            if not holds(name, command, environments.get(name, {}))
        ]
    print("failed: " + ", ".join(failed) if failed else "all of it holds")
    return 1 if failed else 0


def holds(name: str, command: list[str], environment: dict[str, str]) -> bool:
    print(f"== {name}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=HERE,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
