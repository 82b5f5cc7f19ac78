"""What a late submission keeps of its score. The raw score is kept beside the adjusted one."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checker.errors import UserError
from checker.grade.model import Lateness

_DAY = 86_400
_KEYS = {
    "grace_minutes": (0.0, math.inf),
    "deduction_per_day": (0.0, 1.0),
    "cut_off_days": (0.0, math.inf),
}


@dataclass(frozen=True)
class Policy:
    """A late-policy file: what each day that has begun costs, as a share of the raw score.

    Up to ``grace_minutes`` cost nothing; after ``cut_off_days`` nothing is left. The days are
    counted from the due time, the grace included.
    """

    grace_minutes: float = 0.0
    deduction_per_day: float = 0.0
    cut_off_days: float = math.inf

    def factor(self, seconds: float) -> float:
        """What remains of the raw score, from 0 to 1, ``seconds`` after the due time."""
        if seconds <= self.grace_minutes * 60:
            return 1.0
        if seconds > self.cut_off_days * _DAY:
            return 0.0
        days = math.ceil(seconds / _DAY)
        return round(max(0.0, 1.0 - days * self.deduction_per_day), 6)


def read_policy(file: Path) -> Policy:
    """Read a policy; :class:`UserError` names the key and what it may be."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is not TOML: {error}") from error
    for key, value in table.items():
        if key not in _KEYS:
            raise UserError(f"{file}: {key} is not a key; the keys are {', '.join(_KEYS)}")
        least, most = _KEYS[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most:
            upto = "" if most == math.inf else f" to {most:g}"
            raise UserError(f"{file}: {key} must be a number from {least:g}{upto}, not {value!r}")
    return Policy(**{key: float(value) for key, value in table.items()})


def moment(text: str) -> datetime:
    """A time with its zone, such as ``2026-11-20T23:59+01:00``; ``ValueError`` without one."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no time: write it as 2026-11-20T23:59+01:00") from None
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write {text.strip()}+00:00, or your own")
    return at


def lateness(due: datetime, submitted_at: datetime, policy: Policy) -> Lateness | None:
    """How late it is, and what stays; ``None`` in time."""
    seconds = math.floor((submitted_at - due).total_seconds())
    if seconds <= 0:
        return None
    spoken = submitted_at.astimezone(UTC).isoformat(timespec="seconds")
    return Lateness(spoken, seconds, policy.factor(seconds))
