"""Points as every format shows them: two decimals at most, and nothing where there are none."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def rounded(points: float) -> float:
    """``points`` to two decimals, half up as people do it: 2.675 is 2.68."""
    return float(_cents(points))


def shown(points: float | None) -> str:
    """``33.33``, ``7.5`` or ``10``; empty where there is no score, which is not the same as 0."""
    if points is None:
        return ""
    text = f"{_cents(points):f}"
    return text.rstrip("0").rstrip(".")


def _cents(points: float) -> Decimal:
    # By way of repr, and without the last digits: 2.675 is stored as 2.67499…, and is meant as it
    # was written. Adding 0 takes the sign off a zero.
    return Decimal(repr(round(points, 9))).quantize(Decimal("0.01"), ROUND_HALF_UP) + 0
