"""Tests, and that the same versions are installed tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import LOCKS, Project

PINNED = re.compile(r"===?[^*]+$|@ |^-|^\.|^/|://")
PIP_INSTALL = re.compile(r"\bpip3? install\s+([^&|;<>\n]*)")
TAKES_A_VALUE = re.compile(
    r"-[ceirft]|--(constraint|editable|extra-index-url|find-links|index-url|prefix|requirement|root"
    r"|target)"
)
TOOLS = re.compile(r"(build|hatch|pdm|pip|pip-tools|pipenv|poetry|setuptools|uv|wheel)\b")


@rule(
    "BSS601",
    "no-tests",
    "error",
    "6.1a 6.1b 6.2a 8.2e",
    what="The project has tests.",
    why="Without them every change is tried out on its users.",
    repair="Begin with one request through the test client for each route.",
    example="""
def test_an_unknown_book_is_404(client: FlaskClient) -> None:
    assert client.get("/api/v1/books/0").status_code == 404
""",
)
def no_tests(project: Project) -> Iterator[Hit]:
    if project.is_app and not project.tests:
        yield Hit(*project.place, "there are no tests")


@rule(
    "BSS602",
    "no-pipeline",
    "note",
    "6.5c 8.2e",
    what="Every change is tested by a machine before it counts.",
    why="What is run by hand is not run on the day that it matters.",
    repair="Run lint, types and tests in CI, and let nothing past that fails.",
    example="""
# .github/workflows/ci.yml
on: [push, pull_request]
""",
)
def no_pipeline(project: Project) -> Iterator[Hit]:
    known = (
        r"^\.github/workflows/.+\.ya?ml$|^\.gitlab-ci\.yml$|^\.circleci/|^Jenkinsfile$|^\.travis\.yml$"
        r"|^azure-pipelines\.yml$|^bitbucket-pipelines\.yml$|^\.woodpecker|^\.drone\.yml$|^\.ci/"
        r"|^appveyor\.yml$|^\.forgejo/|^\.gitea/|^\.builds/|^\.build\.yml$"
    )
    if project.is_app and project.tests and next(project.matching(known), None) is None:
        yield Hit(*project.place, "no pipeline runs the tests")


@rule(
    "BSS603",
    "not-pinned",
    "warning",
    "7.2a 7.1c",
    what="What is installed is pinned, all of it, down to what your dependencies need.",
    why="Without a lock the image of tomorrow is another one than was tested today.",
    repair="Compile a lock with hashes, and install from it.",
    example="""
$ uv pip compile pyproject.toml --generate-hashes -o requirements.lock
$ pip install --require-hashes -r requirements.lock
""",
)
def not_pinned(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for step in dockerfile.steps:
            for name in _named(step.rest) if step.word == "RUN" else ():
                yield Hit(dockerfile.name, step.line, 1, f"{name} may be any version tomorrow")
    if not project.is_app or any(name.endswith((*LOCKS, ".lock")) for name in project.names):
        return
    if any("--hash=" in project.text(name) for name in project.matching(r"\.txt$")):
        return
    lists = [
        name
        for name in project.matching(r"(^|/)requirements([^/]*\.txt|/[^/]+\.txt)$")
        if not re.search(r"dev|test|doc|lint", name)
    ]
    for name in lists:
        for number, line in enumerate(project.text(name).splitlines(), 1):
            wanted = line.partition("#")[0].partition(";")[0].strip()
            if wanted and not PINNED.search(wanted):
                yield Hit(name, number, 1, f"{wanted} may be any version tomorrow")
                break
    if not lists and "pyproject.toml" in project.names:
        yield Hit("pyproject.toml", 1, 1, "there is no lock of what is installed", "note")


def _named(command: str) -> Iterator[str]:
    """The packages that pip is told to install by name, whatever the version."""
    for install in PIP_INSTALL.findall(command):
        words = iter(install.split())
        names: list[str] = []
        for word in words:
            if word.startswith(("-c", "--constraint")):
                names = []
                break
            if TAKES_A_VALUE.fullmatch(word):
                next(words, None)
            else:
                names.append(word.strip("\"'"))
        for name in names:
            if re.match(r"[A-Za-z]\w*[\w.-]*(\[[\w,-]+\])?([<>~!].*)?$", name) and not (
                TOOLS.match(name) or name.endswith((".whl", ".txt"))
            ):
                yield name
