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
SHOWN_ONLY = {
    "learn/04_ai_ready.md": "schemathesis",  # its own tests run it, with credentials
    "learn/05_patterns.md": "REDIS_URL",  # behind nginx and with Redis: tests/course runs it
}


def typed(page: str, language: str) -> list[str]:
    """The lines of a page that are typed, in order, without their prompts."""
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [line.strip()[2:] for block in blocks for line in block.splitlines()]


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
def test_the_commands_of_a_page_work_one_after_the_other(folder: Path, page: str) -> None:
    lines = typed(page, "console")
    run = lines[: lines.index("flask run") + 1]

    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("newcomer.py"), folder],
        input="\n".join(run),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^served: (200|401)$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_nothing_else_is_to_be_typed_without_somebody_having_tried_it(page: str) -> None:
    lines = typed(page, "console")
    rest = lines[lines.index("flask run") + 1 :]

    known = SHOWN_ONLY.get(page, "nothing")
    assert [line for line in rest if known not in line and line != "flask run"] == []


@pytest.mark.parametrize("page", [*PAGES, "learn/index.md"])
def test_on_windows_the_same_is_typed(page: str) -> None:
    unix = [line for line in typed(page, "console") if not line.startswith("REDIS_URL")]
    windows = typed(page, "doscon")

    said = [re.sub(r"^py ", "python3 ", line).replace("\\", "/") for line in windows]
    said = [re.sub(r"^\.venv/Scripts/", "source .venv/bin/", line) for line in said]
    assert said == unix[: len(windows)]
    assert windows
