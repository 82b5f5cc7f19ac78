"""The pages that ``checker docs`` serves: their cards follow the learner's work."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.learn import pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILE = "work/01_first/app/greeting.py"
SOLVED = '"""Greetings."""\n\n\ndef greet(name: str) -> str:\n    return "hello " + name\n'
CARD = '<div class="card" data-exercise="{}"><p class="card__title">{}</p></div>'
PAGE = """<!doctype html><html lang="en"><head><title>One</title>
<link rel="icon" href="data:,"></head><body>{}</body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "one").mkdir(parents=True)
    cards = "".join(CARD.format(name, name) for name in ("1.1", "1.2", "2.1"))
    (folder / "one" / "index.html").write_text(PAGE.format(cards), encoding="utf-8")
    (folder / "plain.css").write_text("p {}", encoding="utf-8")
    return folder


@pytest.fixture
def address(learner: Any, site: Path) -> Iterator[str]:
    with pages.serve(site, learner.session) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield pages.base_of(server)
        server.shutdown()
        thread.join()


def test_a_card_follows_the_work_in_another_terminal(
    learner: Any, address: str, browser: Browser
) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{address}/one/")
    said = page.locator("[data-exercise='1.1'] .card__live")
    said.filter(has_text="Open in work/01_first").wait_for()

    learner.session.store.update(lambda known: known.with_verdict("1.1", "not_yet", ["one"], 2))
    said.filter(has_text="Not yet: 1 of 2 tests pass in work/01_first").wait_for()
    learner.save(FILE, SOLVED)
    learner.types("check", "1.1")
    said.filter(has_text="✓ Solved in work/01_first").wait_for()

    assert page.locator("[data-exercise='1.2'] .card__live").inner_text() == "Open in work/01_first"
    assert page.locator("[data-exercise='2.1'] .card__live").is_hidden(), "step 2 is not started"
    assert wrong == []
    page.close()


def test_only_the_pages_are_added_to(address: str, site: Path) -> None:
    def get(path: str) -> bytes:
        with urllib.request.urlopen(address + path) as answer:  # noqa: S310 - of this test
            body: bytes = answer.read()
        return body

    assert get("/plain.css") == b"p {}"
    page = get("/one/?from=here")
    assert page.count(b'<meta name="course-progress"') == 1
    assert b"course-progress" not in (site / "one/index.html").read_bytes()
    assert get("/one") == page, "an address without its slash leads to the same page"
