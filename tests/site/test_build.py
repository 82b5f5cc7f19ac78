"""The site builds strictly: what is wrong on a page stops the build."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[[Path, Path], subprocess.CompletedProcess[str]]
REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = """
INHERIT: {mkdocs}
docs_dir: docs
theme:
  custom_dir: {templates}
nav:
  - Home: index.md
"""


@pytest.fixture
def small(root: Path) -> Path:
    """A site of one page, with the real configuration, over the small course."""
    config = root / "mkdocs.yml"
    config.write_text(
        SMALL.format(mkdocs=REPOSITORY / "mkdocs.yml", templates=REPOSITORY / "docs/templates"),
        encoding="utf-8",
    )
    return config


def test_the_real_site_builds(site: Path) -> None:
    assert (site / "learn/01_architecture/index.html").is_file()


def test_no_name_of_python_is_read_as_bold_type(site: Path) -> None:
    bold = re.compile(r"<strong>(?:init|main|name|file|all|table_args)</strong>")
    pages = {file: file.read_text("utf-8") for file in site.rglob("*.html")}

    assert [str(file) for file, text in pages.items() if bold.search(text)] == []


def test_a_page_that_asks_for_what_is_there_builds(
    build: Build, small: Path, tmp_path: Path
) -> None:
    (small.parent / "docs/index.md").write_text(
        '# Small { #small }\n\n{{ code("steps/01_first/app.py", "greet") }}\n\n[up](#small)\n',
        encoding="utf-8",
    )

    done = build(small, tmp_path / "out")

    assert done.returncode == 0, done.stderr
    assert "greet" in (tmp_path / "out/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ('{{ code("steps/01_first/app.py", "gone") }}', "has no 'gone'"),
        ('{{ output("gone") }}', "there is no recorded output 'gone'"),
        ('{{ exercise("1.9") }}', "there is no exercise '1.9'"),
        ("{{ codes() }}", "'codes' is undefined"),
        ("[away](gone.md)", "gone.md"),
        ("[away](#gone)", "#gone"),
    ],
)
def test_a_page_that_asks_for_what_is_not_there_does_not(
    build: Build, small: Path, tmp_path: Path, page: str, reason: str
) -> None:
    (small.parent / "docs/index.md").write_text(f"# Small\n\n{page}\n", encoding="utf-8")

    done = build(small, tmp_path / "out")

    assert done.returncode != 0, "the build passed over it"
    assert reason in done.stdout + done.stderr


def test_a_page_says_where_it_comes_from(site: Path) -> None:
    assert "<code>docs/learn/01_architecture.md</code>" in (
        site / "learn/01_architecture/index.html"
    ).read_text("utf-8")


def test_a_page_links_to_its_source_where_the_repository_is_known(
    build: Build, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small.parent / "docs/index.md").write_text("# Small\n", encoding="utf-8")
    monkeypatch.setenv("SITE_EDIT_URI", "https://example.org/course/edit/main/docs/{path}")

    build(small, tmp_path / "out")

    page = (tmp_path / "out/index.html").read_text("utf-8")
    assert 'href="https://example.org/course/edit/main/docs/index.md" rel="edit"' in page
