"""The site as one file: whoever has it needs neither a network nor anything but Python."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from checker.author.pages.offline import FOLDER, main


@pytest.fixture
def small_site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "learn").mkdir(parents=True)
    (folder / "index.html").write_text("home", encoding="utf-8")
    (folder / "learn/index.html").write_text("learn", encoding="utf-8")
    return folder


def test_everything_is_in_it_and_how_to_open_it(small_site: Path, tmp_path: Path) -> None:
    assert main([str(small_site), str(tmp_path / "site.zip")]) == 0

    shutil.unpack_archive(tmp_path / "site.zip", tmp_path / "unpacked")
    unpacked = tmp_path / "unpacked" / FOLDER
    assert (unpacked / "index.html").read_text("utf-8") == "home"
    assert (unpacked / "learn/index.html").read_text("utf-8") == "learn"
    assert "python3 -m http.server 8000" in (unpacked / "README.txt").read_text("utf-8")


def test_the_same_site_makes_the_same_bytes(small_site: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        main([str(small_site), str(tmp_path / name)])
        (small_site / "index.html").touch()

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").testzip() is None


def test_what_is_not_built_is_not_packed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(tmp_path / "site.zip")]) == 2

    assert "mkdocs build --strict -d" in capsys.readouterr().err
    assert not (tmp_path / "site.zip").exists()
