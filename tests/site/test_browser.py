"""Every page in a real browser: light, accessible, by keyboard, and nothing is asked elsewhere.

Pages are opened at 1280 pixels in the light palette and at 390 in the dark one. There axe judges
each as it is found by all its rules; then the other palette is put on, all that folds is unfolded,
and it judges the colours again: four looks. Of the page of all pages it does not judge the colours,
which takes half a minute each time: they were judged on the pages that it is made of. With
``SITE_TEST=full`` all of that is done from each of the four looks, and on that page too.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import pytest

from checker.author.pages.offline import FOLDER, pack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

Look = tuple[int, Literal["light", "dark"]]
Serve = Callable[..., AbstractContextManager[str]]

WHOLE = "print/index.html"
FULL = os.environ.get("SITE_TEST") == "full"
LOOKS: list[Look] = [(1280, "light"), (390, "dark")]
if FULL:
    LOOKS += [(1280, "dark"), (390, "light")]
HEAVIEST = 150_000
"""Bytes that a first visit of a page may fetch, as a host sends them: gzipped where that helps."""

LIMIT = 240_000.0
"""Milliseconds for a page to be ready, or to be judged, on a busy machine."""

WIDER = "document.documentElement.scrollWidth > window.innerWidth"
# The theme lets the keyboard into each block that scrolls, one by one: a long page has hundreds.
SETTLED = """() => [...document.querySelectorAll("pre > code")].every(
  (code) => code.scrollWidth <= code.clientWidth || code.tabIndex === 0,
)"""
# What is half faded has half the contrast.
STILL = "* { transition: none !important; animation: none !important; }"
UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
SWITCH = """() => { const { dataset } = document.body;
  dataset.mdColorScheme = dataset.mdColorScheme === "slate" ? "default" : "slate";
}"""
EVERYTHING = '{ resultTypes: ["violations"] }'
NO_COLOURS = '{ resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } }'
COLOURS = '{ resultTypes: ["violations"], runOnly: ["color-contrast", "link-in-text-block"] }'
"""What the palette decides, to be judged in each."""

ELSEWHERE = "in the other palette, "
# Its end is waited for apart: whoever waits for it here waits without a limit.
JUDGE = """() => { window.judged = null;
  axe.run(%s).then(({ violations }) => { window.judged = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3)}`,
  ); });
}"""


@dataclass
class Seen:
    """What a browser has seen of all pages in one look."""

    names: list[str]
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module", params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def look(request: pytest.FixtureRequest) -> Look:
    chosen: Look = request.param
    return chosen


@pytest.fixture(scope="module")
def seen(site: Path, serve: Serve, browser: Browser, axe: Path, look: Look) -> Seen:
    seen = Seen([file.relative_to(site).as_posix() for file in sorted(site.rglob("*.html"))])
    with serve(site, seen.served) as address:
        visit(browser, address, axe, look, seen)
    return seen


def opened(browser: Browser, look: Look) -> BrowserContext:
    width, scheme = look
    return browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)


def visit(browser: Browser, address: str, axe: Path, look: Look, seen: Seen) -> None:
    """Every page is opened and judged; while axe looks at one, the next one loads."""
    # Each in a window of its own: a tab behind another one is not drawn, and so never settles.
    contexts = [opened(browser, look) for _ in range(2)]
    for context in contexts:
        listen(context, seen)
    tabs = [context.new_page() for context in contexts]
    for turn, name in enumerate([*seen.names, ""]):
        if name:
            tabs[turn % 2].goto(f"{address}/{name}", wait_until="commit")
        if turn:
            judge(tabs[(turn - 1) % 2], seen.names[turn - 1], axe, seen)
    for context in contexts:
        context.close()


def judge(page: Page, name: str, axe: Path, seen: Seen) -> None:
    from playwright.sync_api import TimeoutError as TooLong

    too_wide = [f"{name} is wider than the window"]
    try:
        page.wait_for_load_state("networkidle", timeout=LIMIT)
        # Nobody should have to pull a page sideways.
        seen.wrong += too_wide * page.evaluate(WIDER)
        is_judged_in_parts = name == WHOLE and not FULL
        rules = NO_COLOURS if is_judged_in_parts else EVERYTHING
        seen.violations[name] = violations(page, axe, rules)
        if not is_judged_in_parts:
            page.evaluate(UNFOLD)
            seen.wrong += too_wide * page.evaluate(WIDER)
            seen.violations[name] += violations_elsewhere(page, axe)
    except TooLong as error:
        error.add_note(f"on {name}")
        raise


def violations(page: Page, axe: Path, rules: str = EVERYTHING) -> list[str]:
    page.wait_for_function(SETTLED, timeout=LIMIT)
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=axe)
    page.evaluate(JUDGE % rules)
    found: list[str] = page.wait_for_function("window.judged", timeout=LIMIT).json_value()
    return found


def violations_elsewhere(page: Page, axe: Path) -> list[str]:
    """Those of the colours in the palette that is not on."""
    page.add_style_tag(content=STILL)
    page.evaluate(SWITCH)
    found = violations(page, axe, COLOURS)
    page.evaluate(SWITCH)
    return [f"{ELSEWHERE}{each}" for each in found]


def listen(context: BrowserContext, seen: Seen) -> None:
    context.on("request", lambda request: seen.asked.append(request.url))
    context.on("requestfailed", lambda request: seen.wrong.append(f"failed: {request.url}"))
    context.on("weberror", lambda error: seen.wrong.append(str(error.error)))
    context.on(
        "console",
        lambda line: seen.wrong.append(line.text) if line.type in {"error", "warning"} else None,
    )


def test_every_page_asks_only_this_site_and_reports_no_error(seen: Seen) -> None:
    assert seen.wrong == []
    assert {urlsplit(url).hostname for url in seen.asked} == {"127.0.0.1"}


def test_a_first_visit_fetches_little(site: Path, seen: Seen) -> None:
    asked = {unquote(urlsplit(path).path).removeprefix("/") for path in seen.served}
    parts = {name: sent(site / name) for name in asked - set(seen.names)}
    text = {name: (site / name).read_text("utf-8") for name in seen.names}
    # What no page names itself is asked for by what all of them have in common.
    common = {part for part in parts if not any(Path(part).name in said for said in text.values())}
    weight = {
        name: sent(site / name)
        + sum(size for part, size in parts.items() if part in common or Path(part).name in said)
        for name, said in text.items()
    }

    assert min(weight.values()) > 50_000, "the scripts and the fonts were not counted"
    heavy = {name for name, size in weight.items() if size > HEAVIEST}
    assert heavy == {WHOLE}, "only the page of all pages may be heavy"


def sent(file: Path) -> int:
    """A file's bytes on the wire."""
    data = file.read_bytes()
    is_packed = file.suffix in {".woff2", ".png", ".gz", ".zip"}
    return len(data) if is_packed else len(gzip.compress(data, 6))


@pytest.fixture
def page(address: str, browser: Browser, look: Look) -> Iterator[Page]:
    context = opened(browser, look)
    page = context.new_page()
    page.goto(f"{address}/learn/01_architecture/index.html", wait_until="networkidle")
    yield page
    context.close()


def test_pages_are_accessible(site: Path, seen: Seen) -> None:
    assert len(seen.violations) == len(list(site.rglob("*.html")))
    assert {name: found for name, found in seen.violations.items() if found} == {}


FAULTS = """
<style>
  [data-md-color-scheme="slate"] .faint-in-the-dark { color: #555; }
  [data-md-color-scheme="default"] .faint-in-the-light { color: #bbb; }
  @media (min-width: 391px) { .narrow { display: none; } }
  @media (max-width: 1279px) { .wide { display: none; } }
</style>
<p class="faint-in-the-dark">planted</p>
<p class="faint-in-the-light">planted</p>
<details><summary>more</summary><p style="color: #888; background: #999">folded</p></details>
<img class="narrow" src="assets/images/favicon.png">
<button class="wide"></button>
</article>
"""


def test_what_is_planted_on_a_page_is_found_there(
    site: Path, serve: Serve, browser: Browser, axe: Path, look: Look, tmp_path: Path
) -> None:
    """Faint in one palette only, and without a name at one width only, to what judges all pages."""
    shutil.copytree(site / "assets", tmp_path / "assets")
    page = (site / "404.html").read_text("utf-8")
    (tmp_path / "404.html").write_text(page.replace("</article>", FAULTS), encoding="utf-8")
    seen = Seen(["404.html"])
    with serve(tmp_path, seen.served) as address:
        visit(browser, address, axe, look, seen)

    found = seen.violations["404.html"]
    here = "\n".join(each for each in found if not each.startswith(ELSEWHERE))
    elsewhere = "\n".join(each for each in found if each.startswith(ELSEWHERE))
    dark, light = (here, elsewhere) if look[1] == "dark" else (elsewhere, here)
    assert ("faint-in-the-dark" in dark, "faint-in-the-dark" in light) == (True, False)
    assert ("faint-in-the-light" in dark, "faint-in-the-light" in light) == (False, True)
    assert ("folded" in here, "folded" in elsewhere) == (False, True)
    assert ("image-alt" in here) == (look[0] == 390)
    assert ("button-name" in here) == (look[0] == 1280)
    assert seen.wrong == []


def test_a_page_with_all_of_it_open_is_accessible(page: Page, axe: Path, look: Look) -> None:
    page.add_style_tag(content=STILL)
    page.evaluate(UNFOLD)
    page.get_by_text("Windows", exact=True).first.click()
    page.locator(".md-code__button").first.click()
    page.locator(".md-dialog--active").wait_for()
    found = violations(page, axe) + violations_elsewhere(page, axe)
    page.keyboard.press("/")
    page.keyboard.type("teardown")
    page.locator(".md-search-result__item").first.wait_for()
    found += violations(page, axe) + violations_elsewhere(page, axe)
    page.keyboard.press("Escape")
    if look[0] == 390:
        page.get_by_role("button", name="Menu").press("Enter")
        menu = page.get_by_role("navigation", name="Section: Learn")
        menu.get_by_role("link", name="2 Data layer").wait_for()
        found += violations(page, axe) + violations_elsewhere(page, axe)

    assert found == []


def test_the_keyboard_reaches_everything_and_never_what_is_out_of_sight(
    page: Page, look: Look
) -> None:
    width, _ = look
    reached = [tabbed(page) for _ in range(30)]

    assert reached[0]["name"] == "Skip to content"
    hidden = [each for each in reached if each["right"] <= 0 or each["left"] >= width]
    assert hidden == []
    names = {each["name"] for each in reached}
    assert names & {"Search", "Open the search"}
    assert ("Menu" if width == 390 else "Learn") in names
    summary = page.locator(".card details.hint > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".card details.hint").first.get_attribute("open") is not None


def tabbed(page: Page) -> dict[str, str | float]:
    page.keyboard.press("Tab")
    # The search opens when it is reached, in the page's own time.
    found: dict[str, str | float] = page.evaluate(
        """(async () => {
          const reached = document.activeElement;
          let place = reached.getBoundingClientRect();
          for (let turn = 0; turn < 100 && place.right <= 0; turn++) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            place = reached.getBoundingClientRect();
          }
          const name = reached.getAttribute("aria-label") || reached.innerText;
          return { name, left: place.left, right: place.right };
        })()"""
    )
    return found


def test_without_scripts_everything_can_be_read(address: str, browser: Browser, look: Look) -> None:
    width, scheme = look
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"{address}/learn/01_architecture/index.html")

    hint = page.locator(".card details.hint").first
    hint.locator("summary").click()
    assert hint.locator("p").first.is_visible()
    page.get_by_text("Windows", exact=True).first.click()
    assert page.get_by_text("py start.py start 1").first.is_visible()
    assert page.locator(".diagram svg").first.is_visible()
    assert not page.get_by_text("Try it here", exact=True).first.is_visible(), "it could do nothing"
    page.goto(f"{address}/learn/05_patterns/index.html")  # of a long name
    assert not page.evaluate(WIDER)
    context.close()


def test_the_site_to_take_along_works_and_searches_without_a_network(
    site: Path, serve: Serve, browser: Browser, tmp_path: Path
) -> None:
    pack(site, tmp_path / "site.zip")
    shutil.unpack_archive(tmp_path / "site.zip", tmp_path)
    seen = Seen([])
    context = opened(browser, (1280, "light"))
    listen(context, seen)
    with serve(tmp_path / FOLDER, seen.served) as address:
        context.route(lambda url: not url.startswith(address), lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{address}/index.html", wait_until="networkidle")
        assert not [path for path in seen.served if "search_index" in path], "nobody searches yet"

        page.get_by_role("textbox", name="Search").fill("teardown")
        page.locator(".md-search-result__item").first.click()
        page.wait_for_url(f"{address}/learn/**")

    assert [path for path in seen.served if "search_index" in path]
    assert seen.wrong == []
    assert {urlsplit(url).hostname for url in seen.asked} == {"127.0.0.1"}
    context.close()


def test_copying_a_command_leaves_its_prompt_behind(address: str, browser: Browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/index.html")

    page.locator(".hero .md-clipboard, .hero [data-md-type=copy]").first.click()

    page.locator(".md-dialog--active").wait_for()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.split("\n")[:2] == ["python3 start.py", "python3 start.py test"]
    context.close()


def test_the_palette_can_be_switched(address: str, browser: Browser) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto(f"{address}/index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)

    page.locator("label[title='Switch to the dark palette']").click()
    page.locator("body[data-md-color-scheme=slate]").wait_for()
    page.wait_for_function(f"{ground} !== '{before}'")

    assert page.evaluate(ground) != before
    page.close()
