"""An audit: every rule over the project, then what the project itself says about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from checker.audit.exceptions import Comment, exceptions_in
from checker.audit.hits import Hit
from checker.audit.model import Excepted, Fault, Finding, Report, Rule
from checker.audit.options import Options
from checker.audit.project import Built, Project
from checker.audit.rules import BY_ID, RULES, itself

NO_FLASK = "no Python file here imports Flask: is this the project's folder?"


def audit(
    root: Path, options: Options, built: Built | None = None, rules: Sequence[Rule] = RULES
) -> Report:
    """Read the project in ``root`` and judge it.

    A rule that fails is told as a fault; the others still run.
    """
    project = Project(root, options.exclude, built)
    project.load()
    findings, faults = _findings(project, rules, options)
    findings += _unreadable(project)
    comments = list(_comments(project, findings))
    kept, excepted, used = _except(findings, comments)
    kept += _about(comments, used)
    told = {finding: None for finding in kept if options.wants(finding)}
    return Report(
        len(project.names),
        tuple(sorted(told, key=lambda finding: finding.order)),
        tuple(excepted),
        tuple(faults),
        () if project.speaks_of_flask else (NO_FLASK,),
    )


def _findings(
    project: Project, rules: Sequence[Rule], options: Options
) -> tuple[list[Finding], list[Fault]]:
    findings: list[Finding] = []
    faults = []
    for rule in rules:
        if not options.applies(rule.id):
            continue
        try:
            findings += [Finding(rule, hit) for hit in rule.check(project)]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is our fault and told as such
            what = str(error).splitlines()
            faults.append(Fault(rule.id, ": ".join([type(error).__name__, *what[:1]])))
    return [finding for finding in findings if options.wants(finding)], faults


def _unreadable(project: Project) -> list[Finding]:
    return [
        Finding(
            itself.unreadable,
            Hit(odd.file, odd.line, 1, odd.why, "note" if odd.harmless else None),
        )
        for odd in dict.fromkeys(project.unreadable)
    ]


def _comments(project: Project, findings: Iterable[Finding]) -> Iterator[Comment]:
    """Of all Python files, and of whatever else something was found in."""
    names = {file.name for file in project.python} | {finding.hit.file for finding in findings}
    for name in sorted(names & set(project.names)):
        yield from exceptions_in(name, project.text(name))


def _except(
    findings: list[Finding], comments: list[Comment]
) -> tuple[list[Finding], list[Excepted], set[tuple[Comment, str]]]:
    """What is left, what is excepted, and which comment was of use for which rule."""
    by_place: dict[tuple[str, int], list[Comment]] = defaultdict(list)
    for comment in comments:
        by_place[comment.file, comment.about].append(comment)
    kept, excepted, used = [], [], set()
    for finding in findings:
        for comment in by_place[finding.hit.file, finding.hit.line]:
            if finding.rule.id in comment.rules:
                used.add((comment, finding.rule.id))
                if comment.reason:
                    excepted.append(Excepted(finding, comment.reason))
                    break
        else:
            kept.append(finding)
    return kept, excepted, used


def _about(comments: Iterable[Comment], used: set[tuple[Comment, str]]) -> list[Finding]:
    """Findings about the exceptions themselves."""
    found = []
    for comment in comments:

        def say(rule: Rule, message: str, at: Comment = comment) -> None:
            found.append(Finding(rule, Hit(at.file, at.line, at.column, message)))

        if not comment.rules:
            say(itself.no_reason, "the exception names no rule: ignore[BSS107] and the reason")
        elif not comment.reason:
            say(itself.no_reason, f"{', '.join(comment.rules)}: the reason is missing")
        for rule in comment.rules:
            if rule not in BY_ID:
                say(itself.unused, f"there is no rule {rule}")
            elif (comment, rule) not in used:
                say(itself.unused, f"{rule} finds nothing here")
    return found
