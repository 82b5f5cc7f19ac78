"""Step 7's back-ups tell PostgreSQL's programs the password, and nobody else."""

import runpy
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine

STEP = Path(__file__).parents[2] / "steps" / "07_delivery"


def test_the_password_goes_through_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: dict[str, object] = {}

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        ran.update(options, command=command)
        return subprocess.CompletedProcess(command, 0, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    dump = runpy.run_path(str(STEP / "app" / "backups.py"))["dump"]
    url = "postgresql+psycopg://ada:pass%2Fword@db.example.org:5433/library?sslmode=require"
    dump(create_engine(url), tmp_path / "one.backup")

    environment, command = ran["env"], ran["command"]
    assert isinstance(environment, dict)
    assert isinstance(command, list)
    assert environment["PGPASSWORD"] == "pass/word"
    # An address with any password in it, three asterisks too, counts more than the variable.
    assert command[:3] == [
        "pg_dump",
        "--dbname",
        "postgresql://ada@db.example.org:5433/library?sslmode=require",
    ]
