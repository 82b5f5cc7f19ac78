"""Every link of the built pages leads somewhere, to the very heading; lychee follows them.

MkDocs judges the links of the Markdown. What macros and templates write is judged here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LYCHEE = Path(sys.executable).with_name("lychee")


def follow(site: Path) -> subprocess.CompletedProcess[str]:
    """Every link within ``site``. Those to other hosts are followed weekly, by the workflow."""
    if not LYCHEE.is_file():
        pytest.skip("lychee is not installed: see requirements-browser.lock")
    command = [LYCHEE, "--offline", "--include-fragments", "--no-progress"]
    command += ["--index-files", "index.html", "--root-dir", site, f"{site}/**/*.html"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_every_link_leads_somewhere(site: Path) -> None:
    done = follow(site)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 Errors" in done.stdout


@pytest.mark.parametrize(
    "link", ['<a href="gone/">', '<a href="there/#gone">', '<img src="gone.svg" alt="">']
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str) -> None:
    (tmp_path / "there").mkdir()
    fine = '<a href="there/#here">'
    page = '<!doctype html><html lang="en"><body id="here">{}</body></html>'
    (tmp_path / "there/index.html").write_text(page.format(""), encoding="utf-8")
    (tmp_path / "index.html").write_text(page.format(fine), encoding="utf-8")
    assert follow(tmp_path).returncode == 0

    (tmp_path / "index.html").write_text(page.format(fine + link), encoding="utf-8")

    done = follow(tmp_path)
    assert done.returncode != 0
    assert "gone" in done.stdout
