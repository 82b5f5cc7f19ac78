"""Projects of a few files, made for one question each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checker.audit.model import Report
from checker.audit.options import read_options
from checker.audit.run import audit

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """Write files, given by their paths, and hand back the folder that they are in."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def audited(project: Write) -> Callable[[dict[str, str]], Report]:
    """Write the files and audit them, by the settings among them."""

    def run(files: dict[str, str]) -> Report:
        root = project(files)
        return audit(root, read_options(root))

    return run
