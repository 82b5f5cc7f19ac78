"""Code on a page is pulled by name; a name that is gone stops the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.author.pages.macros import Pages
from checker.author.pages.sources import NoSuchFile
from checker.author.pages.symbols import NoSuchPiece
from checker.course import Course, NotFound

APP = "steps/01_first/app.py"


@pytest.fixture
def pages(root: Path, course: Course) -> Pages:
    return Pages(root, course)


def test_a_function_comes_with_the_comment_above_it(pages: Pages) -> None:
    shown = pages.code(APP, symbol="greet")

    assert "# Kept beside the function" in shown
    assert shown.count("def ") == 1
    assert 'title="app.py"' in shown


def test_a_method_is_named_with_its_class_and_comes_with_its_decorator(pages: Pages) -> None:
    shown = pages.code(APP, symbol="Door.sign")

    assert "\n@property\ndef sign(self)" in shown


def test_an_assignment_has_a_name_too(pages: Pages) -> None:
    assert "\nPOLITE = False\n" in pages.code(APP, symbol="POLITE")


def test_a_section_is_what_stands_between_its_marks(pages: Pages) -> None:
    shown = pages.code(APP, section="closing")

    assert "def close()" in shown
    assert "section" not in shown
    assert "greet" not in shown


def test_the_mark_of_a_section_is_no_part_of_a_symbol(pages: Pages) -> None:
    assert "section" not in pages.code(APP, symbol="close")


def test_starter_and_solution_are_told_apart(pages: Pages) -> None:
    assert 'return ""' in pages.code(APP, symbol="greet")
    assert "Hello" in pages.code(APP, symbol="greet", solved=True)


def test_examples_can_be_shown(pages: Pages) -> None:
    assert 'print("hello")' in pages.code("docs/examples/hello.py")


def test_an_unknown_symbol_is_refused_with_the_known_ones(pages: Pages) -> None:
    with pytest.raises(NoSuchPiece, match=r"app\.py has no 'greets'; it has POLITE, greet, Door"):
        pages.code(APP, symbol="greets")


def test_an_unknown_section_is_refused_with_the_known_ones(pages: Pages) -> None:
    with pytest.raises(NoSuchPiece, match=r"no section 'opening'.*its sections are closing"):
        pages.code(APP, section="opening")


def test_a_section_without_an_end_is_refused(root: Path, pages: Pages) -> None:
    file = root / APP
    file.write_text("# section: open\nx = 1\n", encoding="utf-8")

    with pytest.raises(NoSuchPiece, match="one start and one end"):
        pages.code(APP, section="open")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("steps/01_first/gone.py", NoSuchFile),
        ("steps/09_nowhere/app.py", NotFound),
        ("solutions/01_first/app.py", NoSuchFile),
        ("README.md", NoSuchFile),
    ],
)
def test_a_file_that_is_not_there_is_refused(
    pages: Pages, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pages.code(path)


def test_a_piece_too_long_to_read_is_refused(root: Path, pages: Pages) -> None:
    body = "".join(f"    x{n} = {n}\n" for n in range(30))
    (root / APP).write_text(f"def long() -> None:\n{body}", encoding="utf-8")

    with pytest.raises(ValueError, match="31 lines are too many"):
        pages.code(APP, symbol="long")


def test_backticks_in_the_code_do_not_end_its_block(root: Path, pages: Pages) -> None:
    (root / APP).write_text('TEXT = """\n```\n"""\n', encoding="utf-8")

    assert pages.code(APP, symbol="TEXT").startswith("````")
