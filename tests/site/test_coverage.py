"""Every claim of a step that is there is taught on its page, coded, and practised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checker.author.pages.macros import Pages
from checker.author.pages.taught import Place, taught
from checker.claims import coverage, load_claims
from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = Course.load(REPOSITORY)
PLACES = taught(REPOSITORY / "docs")
CLAIMS = {
    step.name: section.claims
    for step in COURSE.steps
    for section in load_claims(REPOSITORY)
    if section.number == step.number
}
EVERY_STEP = pytest.mark.parametrize("step", CLAIMS)


def on_the_page(step: str, claim: str) -> list[Place]:
    return [place for place in PLACES.get(claim, []) if place.page == f"learn/{step}.md"]


@EVERY_STEP
def test_every_claim_is_taught_on_the_page_of_its_step(step: str) -> None:
    silent = [claim for claim in CLAIMS[step] if not on_the_page(step, claim)]

    assert silent == [], f'docs/learn/{step}.md: mark the paragraph with {{{{ teaches("…") }}}}'


@EVERY_STEP
def test_every_claim_is_practised(step: str) -> None:
    practised = coverage(COURSE)

    assert [claim for claim in CLAIMS[step] if claim not in practised] == []


@EVERY_STEP
def test_a_section_that_teaches_a_claim_explains_it(step: str) -> None:
    for claim in CLAIMS[step]:
        for place in on_the_page(step, claim):
            prose = re.sub(r"\{[{%].*?[}%]\}|`{3}.*?`{3}", "", place.text, flags=re.DOTALL)
            assert len(prose.split()) >= 50, f"{claim}: {place.heading} says hardly anything"


@EVERY_STEP
def test_what_a_claim_names_is_named_where_it_is_taught(step: str) -> None:
    for claim, text in CLAIMS[step].items():
        sections = "\n".join(place.text for place in on_the_page(step, claim))
        # `create_app(config_name)` by its first word, `{code, message, details}` by each.
        quoted = re.findall(r"`\{?([^`(\[}]+)[^`]*`", text)
        missing = [name for each in quoted for name in each.split(", ") if name not in sections]
        assert missing == [], f"{claim}: {text}"


def test_the_map_has_all_of_it(site: Path) -> None:
    page = (site / "reference/coverage/index.html").read_text("utf-8")
    rows = {
        match[1]: re.findall(r"<td>(.*?)</td>", match[0], re.DOTALL)
        for match in re.finditer(
            r"<tr>\s*<td><code>(\d\.\d+[a-z]?)</code>.*?</tr>", page, re.DOTALL
        )
    }

    assert list(rows) == [claim for claims in CLAIMS.values() for claim in claims]
    for claim, (_, section, exercise, code) in rows.items():
        assert f"#claim-{claim.replace('.', '-')}" in section, claim
        assert "../../learn/" in exercise, claim
        assert "<code>" in code, claim


@pytest.fixture
def small(root: Path) -> dict[str, list[Place]]:
    page = root / "docs/learn/01_first.md"
    page.parent.mkdir()
    page.write_text(
        "# First\n\n## Greeting { #greeting }\n\n```python\n# no heading\n```\n\n"
        '{{ teaches("1.1a", "3.1a") }}\n\nSay hello.\n\n### Loudly\n\nHELLO.\n\n## Parting\n',
        encoding="utf-8",
    )
    return taught(root / "docs")


def test_a_mark_belongs_to_the_section_it_stands_in(small: dict[str, list[Place]]) -> None:
    (place,) = small["1.1a"]

    assert place.link == "[Greeting](/learn/01_first.md#claim-1-1a)"
    assert place.text.endswith("HELLO.\n")
    assert list(small) == ["1.1a", "3.1a"]


def test_a_mark_shows_nothing_and_can_be_linked_to(root: Path, course: Course) -> None:
    shown = Pages(root, course).teaches("1.1a", "3.1a")

    assert re.findall(r'id="([^"]+)"', shown) == ["claim-1-1a", "claim-3-1a"]
    assert re.sub("<[^>]+>", "", shown) == ""
    assert "\n" not in shown, "it stands in indented blocks too"


def test_a_claim_that_does_not_exist_is_refused(root: Path, course: Course) -> None:
    with pytest.raises(LookupError, match=r"no claim '1\.9z'"):
        Pages(root, course).teaches("1.9z")
