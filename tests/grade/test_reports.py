"""The pages: what they say, to everybody who reads them, and that they let nothing in."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from checker.course import Course
from checker.grade import reports
from checker.grade.analysis import analyse
from checker.grade.formats import Options, write
from checker.grade.model import ClassReport, Grade, GradedExercise, GradedTest
from checker.grade.similarity import Pair, Place
from checker.harness.failure import Failure

from .generated import sample, timings_of

REPORT = sample()
COURSE = Course.load(Path(__file__).resolve().parents[2])
PAIRS = (
    Pair("hoare", "perlman", 0.87, (Place("app/hooks.py", (3, 20), "app/hooks.py", (5, 22)),)),
)
VOID = {"meta", "link", "line", "rect", "br", "img"}


def class_page(report: ClassReport = REPORT, pairs: tuple[Pair, ...] | None = PAIRS) -> str:
    analysis = analyse(report, timings_of(report), COURSE)
    links = {grade.student: f"learners/{grade.student}.html" for grade in report.grades}
    return reports.class_page(report, analysis, pairs, links)


def learner(student: str, report: ClassReport = REPORT) -> str:
    grade = next(each for each in report.grades if each.student == student)
    return reports.learner_page(grade, report)


PAGES = {
    "class": class_page(),
    "empty class": class_page(ClassReport("Nobody", (), ()), None),
    **{grade.student: learner(grade.student) for grade in REPORT.grades},
}


class Page(HTMLParser):
    """The elements of a page, each with its attributes and the text within."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[list[str]] = []
        self.open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append([])
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.elements[self.open.pop()][0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for place in self.open:
            self.texts[place].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attributes, " ".join("".join(texts).split()))
            for (name, attributes), texts in zip(self.elements, self.texts, strict=True)
            if name == tag
        ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_walked_without_seeing_it(name: str) -> None:
    page = Page(PAGES[name])

    assert page.open == []
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert page.all("html")[0][0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attributes.get("scope") in {"col", "row"} for attributes, _ in page.all("th"))
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    targets = {
        word
        for _, attributes in page.elements
        for key in ("aria-labelledby", "aria-describedby")
        for word in (attributes.get(key) or "").split()
    } | {
        (attributes["href"] or "")[1:]
        for attributes, _ in page.all("a")
        if (attributes["href"] or "").startswith("#")
    }
    assert targets <= set(names)
    # What scrolls can be reached with the keyboard, and has a name there.
    for tag, attributes in page.elements:
        if attributes.get("class") == "scroll":
            assert attributes.get("tabindex") == "0", tag
            assert attributes.get("role") == "group"
            assert "aria-labelledby" in attributes or "aria-label" in attributes


@pytest.mark.parametrize("name", PAGES)
def test_a_page_carries_all_it_needs(name: str) -> None:
    page = PAGES[name]

    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'" in page
    assert not re.search(r'<script| style="| on\w+="|<link|<iframe|<form|url\(|@import', page)
    assert not re.search(r"https?:", page)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def luminance(colour: str) -> float:
    text = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(text[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "ground"),
        ("text", "card"),
        ("text", "code"),
        ("text", "warn-ground"),
        ("text", "bad-ground"),
        ("quiet", "ground"),
        ("quiet", "card"),
        ("link", "ground"),
        ("link", "card"),
        ("link", "warn-ground"),
        ("band-text", "band"),
        ("band-quiet", "band"),
        ("good", "good-ground"),
        ("bad", "bad-ground"),
        ("warn", "warn-ground"),
        ("good", "card"),
        ("bad", "card"),
        *(("on", f"l{level}") for level in range(5)),
    ],
)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    style = (reports.TEMPLATES / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark, paper = (colours(block) for block in blocks)
    chosen = {"light": light, "dark": {**light, **dark}, "print": {**light, **paper}}[scheme]

    lighter, darker = sorted((luminance(chosen[text]), luminance(chosen[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_the_class_page_shows_who_solved_what() -> None:
    page = Page(PAGES["class"])
    first = re.search(r"<table.*?</table>", PAGES["class"], re.DOTALL)
    assert first is not None

    heat = Page(first[0])
    assert [text for _, text in heat.all("th")][:4] == ["Learner", "Total", "1.1", "1.2"]
    assert len([row for row in heat.all("tr") if row[1]]) == len(REPORT.grades) + 1
    rows = {text.split()[2]: text for _, text in heat.all("tr")[1:] if len(text.split()) > 3}
    assert "✓ 10" in rows["hoare"]
    # Pass and fail have a sign each, and no cell is told by its colour alone.
    cells = [
        (attributes, text)
        for attributes, text in heat.all("td")
        if re.fullmatch(r"l\d", attributes.get("class") or "")
    ]
    assert cells
    assert all(text[0] in "✓✗⚑" for _, text in cells)
    links = {attributes["href"] for attributes, _ in page.all("a")}
    assert {f"learners/{grade.student}.html" for grade in REPORT.grades} <= links


def test_who_has_no_score_has_a_blank_and_no_0() -> None:
    row = next(text for text in PAGES["class"].split("<tr>") if "learners/mccarthy.html" in text)

    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == [""] * 8
    assert "nothing handed in" in row
    assert "no score" in learner("mccarthy")


def test_a_late_learner_reads_both_scores() -> None:
    text = learner("hamilton")

    assert "1.2 days late: 90 % of 52.5 points is 47.25." in text


def test_what_the_code_printed_is_shown_and_never_run() -> None:
    text = learner("liskov")

    assert "&lt;script&gt;alert(&#39;hello&#39;)&lt;/script&gt; red\nand a second line" in text


def test_who_meddled_reads_why() -> None:
    text = learner("dijkstra")

    assert "conftest.py is not part of the work, and changes how tests run" in text
    assert "<dd>0</dd>" in text


def test_similarity_is_a_hint() -> None:
    assert "These are hints, not verdicts." in PAGES["class"]
    assert "87 %" in PAGES["class"]
    assert "3–20" in PAGES["class"]
    assert "were not compared" in class_page(pairs=None)
    assert "No pair shares much" in class_page(pairs=())


def test_no_sandbox_is_said_on_every_page() -> None:
    report = sample(tier="none")

    assert "Graded without a sandbox." in class_page(report)
    assert "Graded without a sandbox." in learner("hoare", report)
    assert "without a sandbox" not in PAGES["class"]


def test_a_hidden_test_has_no_words_for_the_learner_and_all_for_the_instructor() -> None:
    hidden = GradedTest("test_secret", "failed", hidden=True, failure=Failure("the secret words"))
    exercise = GradedExercise("1.1", "01", "The factory", 10.0, 0.0, "not_yet", (hidden,))
    grade = Grade("ada", "graded", 10.0, 0.0, 0.0, exercises=(exercise,))
    report = ClassReport("Class", ("01",), (grade,))

    page = reports.learner_page(grade, report)

    assert "secret" not in page
    assert "hidden test 1" in page
    assert "the secret words" in class_page(report)


def test_known_mistakes_are_told_by_their_name(tmp_path: Path) -> None:
    mistake = COURSE.exercise("1.1").mistakes["remembers_the_app"]
    test = GradedTest(mistake.test, "failed", failure=Failure(mistake.says))
    exercise = GradedExercise(
        "1.1", "01_architecture", "The factory", 10.0, 0.0, "not_yet", (test,)
    )
    grade = Grade("ada", "graded", 10.0, 0.0, 0.0, exercises=(exercise,))
    report = ClassReport("Class", ("01_architecture",), (grade, replace(grade, student="bob")))
    options = Options(course=COURSE, sources={"ada": {}, "bob": {}}, environment={})

    written = write(report, {}, tmp_path, ["html"], options)

    page = written[0].read_text(encoding="utf-8")
    assert mistake.says in page
    assert "remembers the app" in page
    assert "No pair shares much" in page
