"""What is generated from the manifests: cards, tables, changes, the coverage map."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.author.pages.macros import Pages
from checker.course import Course


@pytest.fixture
def pages(root: Path, course: Course) -> Pages:
    return Pages(root, course)


def test_a_card_says_what_to_edit_and_how_to_check(pages: Pages) -> None:
    card = pages.exercise("1.1")

    for part in (
        "Greet the reader",
        "about 5 minutes",
        "3 points",
        "practises 1.1a",
        "`work/01_first/app.py`",
        "$ checker check 1.1",
        "$ checker solution 1.1",
    ):
        assert part in card


def test_a_card_holds_the_contract_and_never_the_solution(pages: Pages) -> None:
    card = pages.exercise("1.1")

    assert "Greet whoever is called ``name``, in one sentence." in card
    assert "Hello" not in card
    assert "def close" not in card, "only what the exercise leaves open is its contract"


def test_a_card_offers_to_try_it_in_the_page(pages: Pages) -> None:
    card = pages.exercise("1.1")

    assert '<p class="card__try" data-exercise="1.1" data-step="01_first" hidden>' in card
    assert 'aria-label="Try it here: exercise 1.1">Try it here</button>' in card


def test_a_card_of_a_local_exercise_says_why_it_is_one(root: Path) -> None:
    manifest = root / "steps/01_first/step.toml"
    text = manifest.read_text("utf-8").replace("points = 3", 'points = 3\nlocal = "two threads"')
    manifest.write_text(text, "utf-8")

    card = Pages(root, Course.load(root)).exercise("1.1")

    assert "On your own machine only: two threads." in card
    assert "card__try" not in card


def test_each_hint_is_folded_by_itself(pages: Pages) -> None:
    card = pages.exercise("1.1")

    for number, text in enumerate(("Look at `greet`.", "It takes a name.", "Return a"), 1):
        summary = f'<summary markdown="span">Hint {number} of 3</summary>'
        assert card.index(summary) < card.index(text)
    assert card.count("<details") == card.count("</details>") == 5


def test_the_table_of_exercises_leads_to_their_sections(pages: Pages) -> None:
    assert "[1.1 Greet the reader](#1-1-greet-the-reader)" in pages.exercises(1)


def test_the_first_step_has_no_step_before_it(pages: Pages) -> None:
    assert "every file is new" in pages.changes(1)


def test_a_changed_file_is_named_with_its_reason_and_leads_to_what_differs(pages: Pages) -> None:
    named, shown = pages.changes(2), pages.differences(2, "changed")

    assert "1 file changed<" in named
    assert "[`app.py`](/learn/changed/02_second.md#app-py) the greeting is polite now" in named
    assert "### `app.py` { #app-py }\n\nThe greeting is polite now." in shown
    assert '-    return f"Hello, {name}."\n+    return f"Good day, {name}."' in shown
    assert "exercise 1.1" not in shown, "the comparison is with the solved step"


def test_an_added_file_is_shown_as_it_is(pages: Pages) -> None:
    assert "(/learn/added/02_second.md#notes-md) what comes next" in pages.changes(2)
    assert "{.markdown}\nNext: `bye`." in pages.differences(2, "added")


def test_a_lock_is_named_and_not_shown(root: Path) -> None:
    (root / "steps/02_second/app.lock").write_text("flask==3.1.3\n", encoding="utf-8")

    shown = Pages(root, Course.load(root)).differences(2, "added")

    assert "### `app.lock`" in shown
    assert "3.1.3" not in shown


def test_a_test_that_no_longer_holds_is_named_with_the_reason(pages: Pages) -> None:
    shown = pages.changes(2)

    assert "1 test of earlier steps, superseded<" in shown
    assert "- `1.1/test_greets`: it greets otherwise" in shown


def test_facts_add_up(pages: Pages) -> None:
    facts = pages.facts(1)

    assert "half an hour" in facts
    assert "1 exercise<" in facts
    assert "3 points" in facts


def test_the_map_leads_from_a_claim_to_its_section_its_exercise_and_its_code(
    root: Path, pages: Pages
) -> None:
    page = root / "docs/learn/01_first.md"
    page.parent.mkdir()
    page.write_text('## Greeting\n\n{{ teaches("1.1a") }}\n\nSay hello.\n', encoding="utf-8")

    line = next(line for line in pages.coverage_map().splitlines() if "`1.1a`" in line)

    assert "Readers are greeted." in line
    assert "[Greeting](/learn/01_first.md#claim-1-1a)" in line
    assert "[1.1](/learn/01_first.md#1-1-greet-the-reader)" in line
    assert "`app.py` `greet`" in line


def test_the_map_says_what_is_not_written_yet(pages: Pages) -> None:
    shown = pages.coverage_map()

    assert "not written yet.\n\n- `3.1a` Not yet." in shown


def test_an_output_that_was_never_recorded_is_refused(pages: Pages) -> None:
    with pytest.raises(LookupError, match=r"'nothing': add it to docs/outputs/recordings\.toml"):
        pages.output("nothing")


def test_an_answer_stays_folded_below_its_question(root: Path, pages: Pages) -> None:
    (root / "docs/outputs").mkdir()
    (root / "docs/outputs/greeting.txt").write_text("$ curl -i x\nHTTP/1.1 200 OK\n", "utf-8")

    shown = pages.predict("greeting", lambda: "What comes?\n")

    assert shown.index("What comes?") < shown.index("<details") < shown.index("HTTP/1.1 200 OK")
    assert "{.console}\n$ curl -i x" in shown


def test_a_drawing_without_a_description_is_refused(root: Path, pages: Pages) -> None:
    (root / "docs/diagrams").mkdir()
    (root / "docs/diagrams/mute.svg").write_text("<svg><title>x</title></svg>", "utf-8")

    with pytest.raises(ValueError, match="needs a <desc>"):
        pages.diagram("mute", lambda: "A caption")
