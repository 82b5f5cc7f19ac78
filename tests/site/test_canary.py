"""The canary tells which pages and headings another generator makes otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.author.pages.canary import differences, headings, lay_out


def test_it_names_what_is_missing_and_what_is_new() -> None:
    expected = {"a.html": ["one", "two"], "b.html": [], "c.html": ["same"]}
    made = {"a.html": ["one", "three"], "c.html": ["same"], "d.html": []}

    assert differences(expected, made) == [
        "b.html: missing",
        "d.html: nobody asked for it",
        "a.html: without ['two'], with ['three'] instead",
    ]
    assert differences(expected, expected) == []


def test_it_reads_headings_and_lays_out_what_needs_no_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    (tmp_path / "index.html").write_text('<h1 id="up">Up</h1><h2>no name</h2>', encoding="utf-8")
    assert headings(tmp_path) == {"index.html": ["up"]}

    lay_out({"learn/a.md": "# A\n"}, tmp_path)

    assert (tmp_path / "docs/learn/a.md").read_text("utf-8") == "# A\n"
    config = (tmp_path / "mkdocs.yml").read_text("utf-8")
    assert "plugins:\n  - search\n" in config
    assert "macros" not in config.partition("plugins:")[2].partition("markdown_extensions:")[0]
