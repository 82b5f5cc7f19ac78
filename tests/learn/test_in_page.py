"""What a page of the site asks of the checker, here in CPython."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.author.trees import differing, read_tree, solved
from checker.course import Course
from checker.engine import here
from checker.learn import in_page

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder below that of Python, as it is in a page."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with here.as_before():
        yield tmp_path


def test_each_app_that_is_served_begins_anew(reader: Path) -> None:
    step = Course.load(ROOT).steps[6]
    starter = read_tree(step.path)
    tree = solved(step)
    files = {name: tree[name].data.decode() for name in differing(tree, starter)}
    copy = reader / "steps" / step.name
    shutil.copytree(step.path, copy)
    (copy / "page.json").write_text("[]", encoding="utf-8")
    page = in_page.open_step(step.name, course=str(reader), home=str(reader / "home"))

    told = [json.loads(page.serve(json.dumps(each))) for each in ({}, files)]

    assert [each.get("lines") for each in told] == [None, None]
    assert [each["said"] for each in told] == [[], []]
