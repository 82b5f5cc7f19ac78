"""A report for people, for programs, and as SARIF for the tools that show findings in code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from checker.audit.hits import SEVERITIES
from checker.audit.model import Finding, Report, Rule
from checker.audit.rules import RULES

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
ALIKE = 3
"""So many findings of one rule in one file are told; the others are counted."""
MARKS = {"error": "✗", "warning": "!", "note": "·"}


def human(report: Report, notes: bool) -> Iterator[str]:
    """Lines grouped by file; each rule's reason and repair once, below its first finding."""
    told: set[str] = set()
    shown = [finding for finding in report.findings if notes or finding.severity != "note"]
    for file, group in groupby(shown, key=lambda finding: finding.hit.file):
        yield file
        seen: Counter[str] = Counter()
        for finding in group:
            hit, rule = finding.hit, finding.rule
            seen[rule.id] += 1
            if seen[rule.id] > ALIKE:
                continue
            place = f"{hit.line}:{hit.column}"
            mark = f"{MARKS[finding.severity]} {place:<8}"
            yield f"  {mark}{finding.severity} {rule.id} {hit.message}"
            if rule.id not in told:
                told.add(rule.id)
                yield f"    why     {rule.why}"
                yield f"    repair  {rule.repair}"
        for identity, count in seen.items():
            if count > ALIKE:
                yield f"  … and {count - ALIKE} more of {identity}; --json tells all"
        yield ""
    for fault in report.faults:
        yield f"our fault: the rule {fault.rule} failed ({fault.error}); the others have run"
    yield summary(report)
    hidden = len(report.findings) - len(shown)
    if hidden:
        notes_are = "1 note is" if hidden == 1 else f"{hidden} notes are"
        yield f"{notes_are} not shown: --notes shows {'it' if hidden == 1 else 'them'}"


def summary(report: Report) -> str:
    counts = ", ".join(
        f"{report.count(severity)} {severity}{'' if report.count(severity) == 1 else 's'}"
        for severity in SEVERITIES
    )
    excepted = f"; {len(report.excepted)} excepted with a reason" if report.excepted else ""
    return f"{report.files} files: {counts}{excepted}"


def as_json(report: Report) -> str:
    """By ``schemas/audit-1.schema.json``."""
    return json.dumps(
        {
            "version": 1,
            "files": report.files,
            "summary": {severity: report.count(severity) for severity in SEVERITIES},
            "findings": [_told(finding) for finding in report.findings],
            "excepted": [{**_told(one.finding), "reason": one.reason} for one in report.excepted],
            "faults": [{"rule": fault.rule, "error": fault.error} for fault in report.faults],
        },
        indent=1,
        ensure_ascii=False,
    )


def _told(finding: Finding) -> dict[str, Any]:
    hit, rule = finding.hit, finding.rule
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": finding.severity,
        "file": hit.file,
        "line": hit.line,
        "column": hit.column,
        "message": hit.message,
        "why": rule.why,
        "repair": rule.repair,
        "claims": list(rule.claims),
        "docs": rule.docs,
    }


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0: one run; exceptions are results that are suppressed in the source."""
    results = [_result(finding) for finding in report.findings]
    for one in report.excepted:
        suppressed = {"kind": "inSource", "status": "accepted", "justification": one.reason}
        results.append({**_result(one.finding), "suppressions": [suppressed]})
    run = {
        "tool": {
            "driver": {
                "name": "checker audit",
                "semanticVersion": "1.0.0",
                "rules": [_descriptor(rule) for rule in RULES],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"PROJECT": {"description": {"text": "The project's folder."}}},
        "invocations": [
            {
                "executionSuccessful": not report.faults,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": f"the rule {fault.rule} failed: {fault.error}"},
                    }
                    for fault in report.faults
                ]
                + [{"level": "warning", "message": {"text": remark}} for remark in report.remarks],
            }
        ],
        "results": results,
    }
    document = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=False)


def _descriptor(rule: Rule) -> dict[str, Any]:
    example = "\n".join(f"    {line}" for line in rule.example.splitlines())
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.repair}\n\n{example}",
            "markdown": f"{rule.repair}\n\n```\n{rule.example}\n```",
        },
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"claims": list(rule.claims)},
    }


def _result(finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    hit = finding.hit
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": RULES.index(finding.rule),
        "level": finding.severity,
        "message": {"text": f"{hit.message}. {finding.rule.why} {finding.rule.repair}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(hit.file), "uriBaseId": "PROJECT"},
                    "region": {"startLine": hit.line, "startColumn": hit.column},
                }
            }
        ],
    }
