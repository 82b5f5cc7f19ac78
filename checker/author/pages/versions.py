"""What a page was last tested with: from the lock, from CI, and from what a step's code imports."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

from checker.author.trees import application, solved
from checker.course import Course, Step

ALWAYS = ("flask", "sqlalchemy", "marshmallow")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


class Versions:
    """The versions, for every page of one course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        lock = course.root / "requirements.lock"
        self.pinned = dict(PINNED.findall(lock.read_text("utf-8"))) if lock.is_file() else {}
        self.pythons = _pythons(course.root / ".github" / "workflows" / "ci.yml")
        self.used: dict[str, frozenset[str]] = {}

    def on(self, source: str) -> str:
        """As a sentence for the page at ``source`` below docs; empty where nothing is known."""
        step = next((each for each in self.course.steps if f"{each.name}.md" in source), None)
        if step and step.name not in self.used:
            self.used[step.name] = used(step)
        names = sorted(self.used[step.name]) if step else ALWAYS
        packages = [f"{name} {self.pinned[name]}" for name in names if name in self.pinned]
        python = [f"Python {' and '.join(self.pythons)}"] if self.pythons else []
        return ", ".join([*python, *packages])


def used(step: Step) -> frozenset[str]:
    """The packages that a step's solved app imports, by the names that the lock has for them."""
    providers = _providers()
    modules: set[str] = set()
    for name, blob in application(solved(step)).items():
        if name.startswith("app/") and name.endswith(".py"):
            modules |= _imported(blob.data)
    return frozenset(providers[module] for module in modules if module in providers)


@cache
def _providers() -> dict[str, str]:
    return {
        module: re.sub(r"[-_.]+", "-", packages[0]).lower()
        for module, packages in packages_distributions().items()
        if module not in sys.stdlib_module_names
    }


def _imported(code: bytes) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _pythons(workflow: Path) -> list[str]:
    """The versions of Python that CI runs every gate with."""
    if not workflow.is_file():
        return []
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    versions: list[str] = jobs["gates"]["strategy"]["matrix"]["python"]
    return versions
