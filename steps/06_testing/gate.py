"""The gate: what must hold before anything is merged. ``python gate.py``, on a laptop and in CI.

Exits with 0 where all of it holds, and with another number where anything does not. Each of these
is a command of its own, run by this very Python (``sys.executable -m …``) in this folder, and what
it prints is seen by whoever runs the gate:

lint
    ``ruff check``, on the whole folder.
types
    ``mypy``, with the settings in ``pyproject.toml``, which names what to look at.
tests
    ``pytest``, on ``tests``, measured: ``coverage run -m pytest …``.
coverage
    ``coverage report``, which exits with 2 below ``fail_under`` of ``pyproject.toml``.
migrations
    ``flask db check`` finds whatever the models have and no migration makes. It asks a database
    that is up to date: ``flask db upgrade``, before it, on the same one. That is a database of its
    own, made for the gate, and gone afterwards: a file in a temporary folder. Whatever
    ``DATABASE_URL`` and ``TEST_DATABASE_URL`` of the environment name is left alone.

Whether it stops at the first that fails or goes on and tells of all is yours to choose.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the gate; the exit code."""
    subprocess.run([sys.executable, "-m", "pytest", "-q", "tests"], cwd=HERE, check=False)
    return 0  # exercise 6.6 starts here


if __name__ == "__main__":
    sys.exit(main())
