"""What a page shows comes from the course, and nothing that is made for a page is left over."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from checker.author.pages.__main__ import main, recorded
from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^ *(```+)(?P<head>.*)\n(?P<body>(?:.*\n)*?) *\1 *$", re.MULTILINE)
PROSE = "".join(page.read_text("utf-8") for page in PAGES)
COURSE = Course.load(REPOSITORY)
EXERCISES = [exercise.id for exercise in COURSE.exercises]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_code_is_pulled_never_pasted(page: Path) -> None:
    for fence in FENCE.finditer(page.read_text("utf-8")):
        head, body = fence["head"].strip(), fence["body"]
        typed = head in {"console", "doscon"}
        assert typed, f"a block of {head or 'nothing'}: pull it with code() or output()"
        assert len(body.splitlines()) <= 25
        lines = body.replace("\\\n", " ").splitlines()  # a long command goes on in the next line
        commands = [line.lstrip().startswith(("$ ", "> ")) for line in lines]
        assert all(commands), "a console block holds what is typed; output() shows what comes back"


@pytest.mark.parametrize("identity", EXERCISES)
def test_every_exercise_has_its_section_and_its_card(site: Path, identity: str) -> None:
    exercise = COURSE.exercise(identity)
    page = (site / "learn" / exercise.step_name / "index.html").read_text("utf-8")

    assert page.count(f'id="{exercise.slug}"') == 1
    assert page.count(f'class="card" data-exercise="{identity}"') == 1
    assert page.index(f'id="{exercise.slug}"') < page.index(f'data-exercise="{identity}"')


@pytest.mark.parametrize("step", [step.name for step in COURSE.steps])
def test_every_step_page_has_the_same_parts(step: str) -> None:
    headings = re.findall(
        r"^## (.+?)(?: \{.*\})?$", (DOCS / f"learn/{step}.md").read_text("utf-8"), re.MULTILINE
    )

    assert headings[:3] == ["What you will build", "Start here", "What changed since the last step"]
    assert headings[-3:] == ["Exercises", "If it fails", "Recap"]


def test_what_is_recorded_is_what_a_fresh_run_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(REPOSITORY)

    status = main(["--check"])

    assert status == 0, capsys.readouterr()
    if not os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("no PostgreSQL: all were compared but those that TEST_POSTGRES_URL makes")


@pytest.mark.parametrize(
    ("made", "used"),
    [
        (recorded(DOCS / "outputs"), r'\b(?:output|predict|screen)\("{}"\)'),
        (sorted((DOCS / "examples").glob("*.py")), r'code\("docs/examples/{}\.py"'),
        (sorted((DOCS / "examples/sql").glob("*.py")), r'code\("docs/examples/sql/{}\.py"'),
        (sorted((DOCS / "diagrams").glob("*.svg")), r'diagram\("{}"\)'),
    ],
    ids=["outputs", "examples", "examples of SQL", "diagrams"],
)
def test_nothing_is_made_that_no_page_shows(made: list[Path], used: str) -> None:
    orphans = [
        file.name for file in made if not re.search(used.format(re.escape(file.stem)), PROSE)
    ]

    assert made
    assert orphans == []


def test_every_command_of_the_checker_is_in_the_reference() -> None:
    page = (DOCS / "reference/checker.md").read_text("utf-8")
    for name, prefix in (("help", "help-"), ("help-author", "help-author-")):
        text = (DOCS / f"outputs/{name}.txt").read_text("utf-8")
        commands = re.findall(r"^  ([a-z]+) ", text.partition("Commands:\n")[2], re.MULTILINE)
        assert len(commands) >= 5
        missing = [each for each in commands if f'output("{prefix}{each}")' not in page]
        assert missing == []
