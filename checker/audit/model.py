"""What a rule is, and what an audit reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from checker.audit.hits import SEVERITIES, Hit, Severity
from checker.audit.project import Project

Check = Callable[[Project], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """One thing that the audit looks for.

    ``claims`` are ids of the syllabus; ``what`` is asked of a project, ``why``, and how to
    ``repair`` it, with a minimal ``example`` of how it should be.
    """

    id: str
    name: str
    severity: Severity
    claims: tuple[str, ...]
    what: str
    why: str
    repair: str
    example: str
    check: Check = field(repr=False, compare=False)

    @property
    def docs(self) -> str:
        """Where the rule's documentation is, relative to the site."""
        return f"reference/audit/#{self.anchor}"

    @property
    def anchor(self) -> str:
        return f"{self.id}-{self.name}".lower()


@dataclass(frozen=True)
class Finding:
    """A hit with the rule that it breaks."""

    rule: Rule
    hit: Hit

    @property
    def severity(self) -> Severity:
        return self.hit.severity or self.rule.severity

    @property
    def order(self) -> tuple[str, int, int, str]:
        return self.hit.file, self.hit.line, self.hit.column, self.rule.id


@dataclass(frozen=True)
class Excepted:
    """A finding that the project accepts, with its reason."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Fault:
    """A rule that failed itself: our fault, and no word about the project."""

    rule: str
    error: str


@dataclass(frozen=True)
class Report:
    """All that an audit has to say about a project."""

    files: int
    findings: tuple[Finding, ...]
    excepted: tuple[Excepted, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...] = ()
    """What whoever runs the audit should know, and no finding: it may be the wrong folder."""

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def reaches(self, threshold: Severity) -> bool:
        """Whether there is a finding as bad as ``threshold``, or worse."""
        bad = SEVERITIES[: SEVERITIES.index(threshold) + 1]
        return any(finding.severity in bad for finding in self.findings)


RuleMaker = Callable[[Check], Rule]


def rule(
    identity: str,
    name: str,
    severity: Severity,
    claims: str,
    *,
    what: str,
    why: str,
    repair: str,
    example: str,
) -> RuleMaker:
    """Make a rule of the function that looks for it; ``claims`` is separated by spaces."""

    def made(check: Check) -> Rule:
        return Rule(
            identity,
            name,
            severity,
            tuple(claims.split()),
            what,
            why,
            repair,
            example.strip("\n"),
            check,
        )

    return made


def silent(project: Project) -> Iterator[Hit]:
    """The check of a rule that the audit itself applies, outside of any project's source."""
    return iter(())
