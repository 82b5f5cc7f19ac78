"""The rules of the audit, one by one."""

from __future__ import annotations

from collections.abc import Iterator

from checker.audit.model import Rule
from checker.audit.rules import BY_FAMILY, BY_ID
from checker.author.pages.markup import fence, table

SETTINGS = """\
[tool.checker.audit]
select = ["BSS"]
ignore = ["BSS205"]
exclude = ["vendor"]

[tool.checker.audit.per-file-ignores]
"scripts" = ["BSS507", "BSS520"]
"""


def audit_rules() -> str:
    """Every rule under the heading of its section, with an anchor that findings point to."""
    return "\n".join(part for title, rules in BY_FAMILY.items() for part in _family(title, rules))


def audit_overview() -> str:
    """All rules in one table."""
    rows = [
        (f"[`{rule.id}`](#{rule.anchor})", rule.severity, rule.what)
        for rules in BY_FAMILY.values()
        for rule in rules
    ]
    return table(("Rule", "Severity", "What it asks"), rows)


def audit_exception() -> str:
    """An exception with its reason: the example of the rule that asks for one."""
    return fence(BY_ID["BSS001"].example, "python")


def audit_settings() -> str:
    """The settings of a project, as its ``pyproject.toml`` would hold them."""
    return fence(SETTINGS, "toml", title="pyproject.toml")


def _family(title: str, rules: list[Rule]) -> Iterator[str]:
    yield f"## {title}\n"
    for rule in rules:
        claims = ", ".join(f"`{claim}`" for claim in rule.claims)
        yield (
            f"### {rule.id} {rule.name} {{#{rule.anchor}}}\n\n"
            f"**{rule.severity}**, from {claims}. {rule.what}\n\n"
            f"{_escaped(rule.why)} {_escaped(rule.repair)}\n\n"
            f"{fence(rule.example, example_language(rule.example))}"
        )


def _escaped(text: str) -> str:
    """Prose of a rule as Markdown: names with underscores and stars are no emphasis."""
    for mark in "_*<[":
        text = text.replace(mark, f"\\{mark}")
    return text


def example_language(example: str) -> str:
    """The language of a rule's example, as the page colours it."""
    first = example.split(None, 1)[0]
    if first in {"ARG", "FROM", "RUN", "CMD", "COPY", "HEALTHCHECK"}:
        return "docker"
    if first == "$":
        return "console"
    if first in {
        "cap_drop:",
        "deploy:",
        "environment:",
        "image:",
        "ports:",
        "-",
    } or example.startswith("# .github"):
        return "yaml"
    if first.startswith("[tool."):
        return "toml"
    if first.startswith("*") or example.startswith("# .gitignore"):
        return "text"
    return "python"
