"""The pages in a real browser, at two widths and in both schemes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.grade.formats import Options, write

from .generated import sample, timings_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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
