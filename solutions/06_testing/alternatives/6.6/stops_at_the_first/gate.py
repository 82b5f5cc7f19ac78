"""The gate: what must hold before anything is merged. Stops at the first thing that does not."""

import os
import sys
from pathlib import Path
from subprocess import CalledProcessError, check_call
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).resolve().parent


def run(*command: str, **settings: str) -> None:
    check_call([sys.executable, "-m", *command], cwd=FOLDER, env={**os.environ, **settings})


def main() -> None:
    """Run the gate. Raises ``CalledProcessError`` for what does not hold."""
    run("ruff", "format", "--check", ".")
    run("ruff", "check", ".")
    run("mypy")
    run("coverage", "run", "-m", "pytest", "tests")
    run("coverage", "report")
    with TemporaryDirectory() as made:
        url = "sqlite:///" + Path(made, "empty.db").as_posix()
        for what in ("upgrade", "check"):
            run("flask", "db", what, APP_ENV="development", DATABASE_URL=url)


if __name__ == "__main__":
    try:
        main()
    except CalledProcessError as failure:
        sys.exit(f"does not hold: {' '.join(failure.cmd[2:])}")
