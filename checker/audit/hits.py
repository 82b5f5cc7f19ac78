"""What an audit finds in one place, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # worst first


@dataclass(frozen=True)
class Hit:
    """One place where a rule is broken: what is there, and where it is.

    ``line`` and ``column`` count from 1. ``severity`` is for a place that is less certain, or
    less harmful, than the rule as such.
    """

    file: str
    line: int
    column: int
    message: str
    severity: Severity | None = None
