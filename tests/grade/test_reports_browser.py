"""The pages in a real browser, at two widths and in both schemes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.grade.formats import Options, write

from .generated import sample, timings_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# So that it asks nobody for updates, on its own account.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: see requirements-browser.lock"
    )
    with playwright.sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_asks_nobody_and_fits(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    report = sample()
    pages = write(report, timings_of(report), tmp_path, ["html"], Options(environment={}))
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=True,
    )
    asked: list[str] = []
    told: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda line: told.append(line.text))
    page = context.new_page()
    for path in pages[:6]:
        page.goto(path.as_uri())
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), path
        # The style sheet was let in: its hash is the one that the page allows.
        band = page.locator("header.band").evaluate("each => getComputedStyle(each).color")
        assert band == "rgb(255, 255, 255)"
    context.close()

    assert told == []
    assert sorted(asked) == sorted(path.as_uri() for path in pages[:6])
