"""``flask safe-upgrade``: what it says where there is no database to upgrade."""

from pathlib import Path

import pytest

from app import create_app


def test_a_database_that_does_not_answer_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/rows.db")
    runner = create_app("testing").test_cli_runner()

    result = runner.invoke(args=["safe-upgrade", str(tmp_path / "backups")])

    assert result.exit_code == 1
    said = "Error: the database cannot be upgraded: unable to open database file\n"
    assert result.stderr == said
    assert not (tmp_path / "backups").exists()
