"""What is made of all pages: the course on one page, Markdown beside each, llms.txt, versions."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from checker.author.pages.macros import Pages
from checker.author.pages.versions import Versions
from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
LISTED = re.compile(r"^- \[(.+?)\]\((\S+)\)(?:: (.+))?$", re.MULTILINE)


@pytest.fixture(scope="module")
def whole(site: Path) -> str:
    return (site / "print/index.html").read_text("utf-8")


@pytest.fixture(scope="module")
def listed(site: Path) -> list[tuple[str, str, str]]:
    """Title, address and description of each page in llms.txt."""
    return LISTED.findall((site / "llms.txt").read_text("utf-8"))


def test_code_has_no_elements_that_colour_nothing(site: Path) -> None:
    page = (site / "learn/07_delivery/index.html").read_text("utf-8")

    assert '<span class="k">def</span> ' in page
    assert '<span class="n">' not in page


def test_a_hint_is_not_given_away_by_the_search(site: Path) -> None:
    index = json.loads((site / "search/search_index.json").read_text("utf-8"))
    text = "".join(entry["text"] for entry in index["docs"])

    assert "The contract, as the file states it" in text
    assert "Hint 1 of 3" not in text


def test_the_whole_course_has_every_page_once(whole: str, listed: list[tuple[str, ...]]) -> None:
    sections = re.findall(r'<section class="whole__page" id="([^"]+)"', whole)

    assert len(sections) == len(set(sections)) == len(listed)
    assert len(listed) >= 25
    for step in Course.load(REPOSITORY).steps:
        assert f"learn-{step.name}" in sections


def test_on_the_whole_course_each_name_is_unique_and_each_link_leads_somewhere(
    site: Path, whole: str
) -> None:
    names = Counter(re.findall(r'\sid="([^"]+)"', whole))
    within = set(re.findall(r'href="#([^"]+)"', whole))
    away = set(re.findall(r'(?:href|src)="(\.\.?/[^"#]+)', whole))
    gone = [each for each in away if not (site / "print" / each).resolve().exists()]

    assert [name for name, times in names.items() if times > 1] == []
    assert within - names.keys() == set()
    assert gone == []
    assert len(within) > 300


def test_on_the_whole_course_headings_keep_their_order_and_folds_are_open(whole: str) -> None:
    article = whole[whole.index("<article") : whole.index("</article>")]

    assert re.findall(r"<h1[^>]*>(.*?)<", article) == ["The whole course"]
    assert "<details" in article
    assert re.findall(r"<details(?![^>]* open)[^>]*>", article) == []
    assert "card__try" not in article, "nothing runs from here"


def test_the_list_for_language_models_leads_to_every_page_in_words(
    site: Path, listed: list[tuple[str, str, str]]
) -> None:
    undescribed = [title for title, _, about in listed if not about]
    pages = {page.relative_to(site).as_posix() for page in site.rglob("index.html.md")}
    beside = ("learn/added/", "learn/changed/")  # the files of a step, which its page leads to
    led_to = {address for _, address, _ in listed}

    assert led_to == {page for page in pages if not page.startswith(beside)}
    assert (site / "llms.txt").read_text("utf-8").startswith("# Build, Secure, Ship\n\n> ")
    assert undescribed == []


def test_every_page_has_its_markdown_with_nothing_left_to_fill_in(site: Path) -> None:
    macros = "|".join(name for name in vars(Pages) if not name.startswith("_"))
    pages = [page for page in site.rglob("index.html") if page.parent.name != "print"]
    for page in pages:
        text = page.with_name("index.html.md").read_text("utf-8")
        assert not re.search(rf"\{{\{{ *(?:{macros})\(|\{{%-? *(?:call|endcall)", text), page
        assert "<svg" not in text
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+\.md)[)#]", text):
            assert (page.parent / link).is_file(), f"{page}: {link}"

    step = (site / "learn/01_architecture/index.html.md").read_text("utf-8")
    assert step.startswith("# Modern Flask architecture\n")
    assert '"message": "there is no book 999"' in step, "what was recorded is in it"
    assert "(Picture: " in step


def test_a_page_says_what_it_was_last_tested_with(site: Path, course: Course) -> None:
    lock = (REPOSITORY / "requirements.lock").read_text("utf-8")
    flask = re.search(r"^flask==(\S+)", lock, re.MULTILINE)
    assert flask
    for page in site.rglob("index.html"):
        said = page.read_text("utf-8").partition("Last tested with ")[2].partition("</p>")[0]
        assert f"flask {flask[1]}" in said, page

    assert "flask-jwt-extended" in Versions(Course.load(REPOSITORY)).on(
        "learn/03_authentication.md"
    )
    assert Versions(course).on("index.md") == "", "a course without a lock promises nothing"
