"""The few pieces of Markdown that every generated part is built from."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

LANGUAGES = {
    ".py": "python",
    ".toml": "toml",
    ".ini": "ini",
    ".cfg": "ini",
    ".json": "json",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".md": "markdown",
    ".sql": "sql",
    ".mako": "mako",
}


def fence(text: str, language: str = "text", title: str = "") -> str:
    """``text`` as a code block; the fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * (longest + 1)
    heading = f' title="{html.escape(title)}"' if title else ""
    return f"{ticks} {{.{language}{heading}}}\n{text.rstrip()}\n{ticks}\n"


def folded(summary: str, body: str, kind: str = "note", *, is_searched: bool = True) -> str:
    """``body`` behind a line that opens on a click, and without JavaScript too.

    HTML around Markdown, and nothing indented: that nests, in any order. What the search shows
    of a page is unfolded: leave out what nobody should see before they ask.
    """
    unsearched = "" if is_searched else ' data-search-exclude=""'
    return (
        f'<details class="{kind}"{unsearched} markdown="1">\n'
        f'<summary markdown="span">{summary}</summary>\n\n{body.strip()}\n\n</details>\n\n'
    )


def language_of(path: str) -> str:
    """The highlighter's name for a file, by its ending."""
    return next((name for end, name in LANGUAGES.items() if path.endswith(end)), "text")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def counted(number: int, what: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
