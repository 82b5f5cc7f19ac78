"""Exceptions that stand in the source: ``# audit: ignore[BSS107] why``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(r"#\s*audit:\s*ignore\s*(?:\[([^\]]*)\])?[ \t:,-]*(.*)$")


@dataclass(frozen=True)
class Comment:
    """One comment: it excepts ``rules`` from what is found on its line, or on the next.

    It speaks of the next line where it stands on one alone.
    """

    file: str
    line: int
    column: int
    about: int
    rules: tuple[str, ...]
    reason: str


def exceptions_in(file: str, text: str) -> Iterator[Comment]:
    """Every comment of that form; a string that looks like one is none in Python."""
    if "audit:" not in text:
        return
    # As Python counts them: a form feed ends no line there
    lines = text.split("\n") if file.endswith(".py") else text.splitlines()
    for number, column, comment in _comments(file, text):
        found = MARK.search(comment)
        if not found:
            continue
        alone = number <= len(lines) and not lines[number - 1][:column].strip()
        rules = tuple(rule.strip() for rule in (found[1] or "").split(",") if rule.strip())
        about = _next_line(lines, number) if alone else number
        yield Comment(file, number, column + 1, about, rules, found[2].strip())


def _next_line(lines: list[str], number: int) -> int:
    """The first line after ``number`` that is no comment, so that several may stand together."""
    for place in range(number, len(lines)):
        if lines[place].strip() and not lines[place].strip().startswith("#"):
            return place + 1
    return number


def _comments(file: str, text: str) -> Iterator[tuple[int, int, str]]:
    if not file.endswith(".py"):
        for number, line in enumerate(text.splitlines(), 1):
            at = line.find("#")
            if at >= 0:
                yield number, at, line[at:]
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield *token.start, token.string
    except (tokenize.TokenError, SyntaxError):
        return  # it could not be parsed either, and is told as such
