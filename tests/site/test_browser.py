"""Every page in a real browser: nothing is asked of another host, nothing goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def pages(site: Path) -> list[str]:
    return [file.relative_to(site).as_posix() for file in sorted(site.rglob("*.html"))]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_page_asks_only_this_site_and_reports_no_error(
    site: Path, address: str, browser: Browser, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    asked: list[str] = []
    wrong: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on(
        "console",
        lambda line: wrong.append(line.text) if line.type in {"error", "warning"} else None,
    )
    for name in pages(site):
        page = context.new_page()
        page.goto(f"{address}/{name}", wait_until="networkidle")
        wrong += [f"{name}: {each}" for each in overflowing(page)]
        page.close()
    context.close()

    assert wrong == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(address).netloc}


def overflowing(page: Page) -> list[str]:
    """What makes a page wider than its window: nobody should have to pull it sideways."""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return ["is wider than the window"] if wider else []


def test_a_search_asks_nobody_else(address: str, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/index.html")

    page.get_by_role("textbox", name="Search").fill("teardown")
    page.locator(".md-search-result__item").first.wait_for()

    assert {urlsplit(url).netloc for url in asked} == {urlsplit(address).netloc}
    page.close()


def test_copying_a_command_leaves_its_prompt_behind(address: str, browser: Browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/index.html")

    page.locator(".hero .md-clipboard, .hero [data-md-type=copy]").first.click()

    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.split("\n")[:2] == ["python3 start.py", "python3 start.py test"]
    context.close()


def test_the_palette_can_be_switched(address: str, browser: Browser) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto(f"{address}/index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)

    page.locator("label[title='Switch to the dark palette']").click()

    assert page.evaluate(ground) != before
    page.close()
