"""GitHub's workflows: what is deployed has been tested."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.texts import Yaml

TESTS = re.compile(
    r"\b(pytest|tox|nox|unittest|hatch (run )?test"
    r"|(make|just|task|invoke|npm)( run)? [\w:-]*(tests?|check|ci|gate)\w*"
    r"|[\w./-]*(tests?|check|gate)(\.sh|\.py)?(\s|$))"
)
CHECKS = re.compile(r"\b(bandit|flake8|grype|mypy|pip-audit|pylint|pyright|ruff|semgrep|trivy)\b")
PASSES = re.compile(r"\|\|\s*(true|:|exit 0)|--exit-code[= ]0\b")
DOCS = re.compile(r"(^|[\W_])(docs?|documentation|pages)([\W_]|$)", re.IGNORECASE)
DEPLOYS = re.compile(r"(^|[_-])(deploy|deployment|release|publish|promote)([_-]|$)", re.IGNORECASE)


def _jobs(node: Yaml) -> dict[str, Yaml]:
    return {key.text: job for key, job in node.get("jobs").items()}


def _commands(job: Yaml) -> list[Yaml]:
    return [run for step in job.get("steps").list() if (run := step.get("run")).text]


def _tests(name: str, job: Yaml) -> bool:
    return any(TESTS.search(run.text) for run in _commands(job)) or (
        bool(job.get("uses").text) and bool(re.search("test|check|ci", name + job.get("uses").text))
    )


def _closure(jobs: dict[str, Yaml], name: str) -> set[str]:
    """All jobs that ``name`` waits for."""
    found: set[str] = set()
    open_ones = [name]
    while open_ones:
        for needed in jobs.get(open_ones.pop(), Yaml(None)).get("needs").words():
            if needed not in found:
                found.add(needed)
                open_ones.append(needed)
    return found


@rule(
    "BSS720",
    "deploy-without-tests",
    "error",
    "7.4a 7.4b 8.2e",
    what="Nothing is deployed whose tests have not passed.",
    why="Jobs run side by side unless one needs the other: a deployment that needs no test goes "
    "out while they fail.",
    repair="Let the deploying job need the testing one, directly or through others.",
    example="""
deploy:
  needs: [tests, scan]
""",
)
def deploy_without_tests(project: Project) -> Iterator[Hit]:
    tested = any(
        _tests(name, job)
        for node in project.workflows.values()
        for name, job in _jobs(node).items()
    )
    for file, node in project.workflows.items():
        jobs = _jobs(node)
        testing = {name for name, job in jobs.items() if _tests(name, job)}
        # What people read may go out at once: no program is in it
        about_pages = not testing and DOCS.search(f"{file} {node.get('name').text}")
        triggers = set(node.get("on").words()) or set(node.get("true").words())
        for name, job in jobs.items():
            if not DEPLOYS.search(name) or name in testing:
                continue
            before = _closure(jobs, name)
            if testing and not before & testing:
                needed = ", ".join(sorted(testing))
                yield Hit(file, job.line, job.column, f"{name} does not wait for {needed}")
            elif about_pages:
                continue
            elif not testing and triggers & {"push"} and not (before and tested):
                message = f"{name} runs on a push, and nothing here runs the tests"
                yield Hit(file, job.line, job.column, message, "warning")
            condition = job.get("if").text
            if before & testing and re.search(r"\b(always|failure)\(\)", condition):
                message = f"{name} runs although what it needs has failed"
                if not re.search(r"needs\.[\w-]+\.result|success\(\)", condition):
                    yield Hit(file, job.get("if").line, 1, message)


@rule(
    "BSS721",
    "failure-ignored",
    "error",
    "6.5c 7.4b 8.2e",
    what="A test that fails stops the pipeline.",
    why="A gate that lets failures pass is green, and says nothing.",
    repair="Remove continue-on-error and || true from what tests.",
    example="- run: python -m pytest\n",
)
def failure_ignored(project: Project) -> Iterator[Hit]:
    for file, node in project.workflows.items():
        for job in _jobs(node).values():
            for step in job.get("steps").list():
                run = step.get("run")
                tests, checks = TESTS.search(run.text), CHECKS.search(run.text)
                what = "the tests" if tests else checks[1] if checks else ""
                severity: Severity | None = None if tests else "warning"
                if not what:
                    continue
                if step.get("continue-on-error").text == "true":
                    message = f"the pipeline goes on when {what} fail{'' if tests else 's'}"
                    yield Hit(file, run.line, run.column, message, severity)
                for line in run.text.replace("\\\n", " ").splitlines():
                    if (TESTS if tests else CHECKS).search(line) and PASSES.search(line):
                        message = f"the failure of {what} is dropped"
                        yield Hit(file, run.line, run.column, message, severity)


@rule(
    "BSS722",
    "action-not-pinned",
    "error",
    "7.4a",
    what="A pipeline runs the actions that were looked at.",
    why="A branch, or a tag that is moved, is somebody else's code with your secrets.",
    repair="Name the commit; a comment tells the version.",
    example="- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n",
)
def action_not_pinned(project: Project) -> Iterator[Hit]:
    for file, node in project.workflows.items():
        tags: list[Yaml] = []
        for job in _jobs(node).values():
            for uses in (step.get("uses") for step in job.get("steps").list()):
                if not uses.text or uses.text.startswith(("./", "docker://")):
                    continue
                _, _, reference = uses.text.partition("@")
                if reference in {"", "main", "master", "latest", "HEAD", "develop"}:
                    message = f"{uses.text} follows a branch"
                    yield Hit(file, uses.line, uses.column, message)
                elif not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", reference):
                    tags.append(uses)
        if tags:
            more = f" and {len(tags) - 1} more" if len(tags) > 1 else ""
            message = f"{tags[0].text}{more} follows a tag that can be moved"
            yield Hit(file, tags[0].line, tags[0].column, message, "note")
