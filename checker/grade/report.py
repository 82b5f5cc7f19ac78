"""Stands in for the formats: the results as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checker.grade.model import ClassReport, Timing


def write(
    report: ClassReport,
    timings: Sequence[Timing],
    out: Path,
    formats: Sequence[str],
    **options: Any,
) -> None:
    text = json.dumps(asdict(report), indent=1, ensure_ascii=False)
    (out / "results.json").write_text(text + "\n", encoding="utf-8", newline="\n")
