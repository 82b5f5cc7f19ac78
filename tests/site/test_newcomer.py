"""What the pages tell a newcomer to type works, in their order, in a folder of one's own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [f"learn/{step.name}.md" for step in Course.load(REPOSITORY).steps]


def start(page: str, language: str) -> list[str]:
    """What is typed to begin: the page's first block in that language, without its prompts."""
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    block = re.search(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    assert block, f"docs/{page} does not say what to type"
    return [line.strip()[2:] for line in block[1].splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as it is handed out, without anybody's work in it."""
    root = tmp_path_factory.mktemp("course")
    for name in ("steps", "solutions"):
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, root / name, ignore=without)
    (root / "checker").mkdir()
    for name in ("claims.toml", "checker/course.py", "start.py"):
        shutil.copy(REPOSITORY / name, root / name)
    return root


@pytest.mark.parametrize("page", PAGES)
def test_how_a_page_says_to_start_works(folder: Path, page: str) -> None:
    lines = start(page, "console")

    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("newcomer.py"), folder],
        input="\n".join(lines),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    served = re.findall(r"^served: (200|401)$", done.stdout, re.MULTILINE)
    assert len(served) == lines.count("flask run"), done.stdout


@pytest.mark.parametrize("page", [*PAGES, "learn/index.md"])
def test_on_windows_the_same_is_typed(page: str) -> None:
    said = [re.sub(r"^py ", "python3 ", line) for line in start(page, "doscon")]
    said = [line.replace("\\", "/") for line in said]
    said = [re.sub(r"^\.venv/Scripts/", "source .venv/bin/", line) for line in said]

    assert said == start(page, "console")
