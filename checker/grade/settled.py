"""Words without what differs from run to run, so that the same work gets the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from checker.harness.stdio import TAIL

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_TOKEN = re.compile(r"\beyJ[\w-]{8,}[\w.-]*")  # a JSON Web Token (RFC 7519), cut or whole
# What itsdangerous signs: a time in six characters, a signature by SHA-1, SHA-256 or SHA-512.
_SIGNED = re.compile(
    r"(?<![\w.-])\.?[\w-]+\.([\w-]{6}\.(?:[\w-]{86}|[\w-]{43}|[\w-]{27}))(?![\w-])"
)
_TEMPORARY = re.compile(r"\btmp[a-z0-9_]{8}\b")  # as Python's tempfile names it
_TOOK = re.compile(
    r"(?i)(?<![\w-])([\w-]*(?:time|duration|elapsed|seconds|[_-]ms)['\"]?\s*[:=,]\s*['\"]?)\d+(?:\.\d+)?(?![\w.])"
)
_NEAR = timedelta(days=400)
_CLOCK = r"[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_SECONDS = re.compile(r"(?<![\w.,-])\d{10}(?:\.\d+)?(?![\w-])")
_ISO = re.compile(rf"(?<![\w-])\d{{4}}-\d\d-\d\d(?P<clock>{_CLOCK})?(?![\w-])")
_HTTP = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
_REPR = re.compile(
    r"\bdatetime\.date(?P<clock>time)?\((\d{4}, \d\d?, \d\d?(?:, \d+)*)[^()]*(?:\(\)[^()]*)?\)"
)


def settled(value: Any, places: Mapping[str, str], now: datetime | None = None) -> Any:
    """``value``, as JSON has it, without temporary ``places``, addresses in memory and times.

    Nor does it say how long something took.

    A time within 400 days of ``now``, in UTC, is told by its distance in days: ``(in 21 days)``.
    What a test or an app has written down itself, and is the same in each run, is most often
    older, and stays.
    """
    at = now or datetime.now(UTC)
    if isinstance(value, str):
        for place, spoken in places.items():
            value = value.replace(f"{place}/" if not spoken else place, spoken)
        value = _TOKEN.sub("…", _ADDRESS.sub("0x…", value))
        value = _SIGNED.sub(lambda found: "…" if _is_signed(found) else found[0], value)
        value = _TOOK.sub(r"\1…", _TEMPORARY.sub("tmp…", value))
        for form, read in _FORMS.items():
            value = form.sub(_distance(read, at), value)
        return value
    if isinstance(value, dict):
        whole = (
            {**value, "printed": _whole_lines(value["printed"])} if "printed" in value else value
        )
        return {name: settled(each, places, at) for name, each in whole.items()}
    if isinstance(value, list | tuple):
        return [settled(each, places, at) for each in value]
    return value


def _whole_lines(printed: str) -> str:
    """Where only the end was kept, it begins in a line: where in it depends on the times before."""
    was_cut = len(printed.encode("utf-8", "surrogatepass")) > TAIL - 4  # less than a character
    _, newline, rest = printed.partition("\n")
    return rest if was_cut and newline and rest else printed


def _is_signed(found: re.Match[str]) -> bool:
    """Also in small letters; the names of modules and functions have hardly ever a digit there."""
    return any(letter.isdigit() for letter in found[1])


def _read_repr(found: re.Match[str]) -> datetime:
    return datetime(*map(int, found[2].split(", ")), tzinfo=UTC)  # type: ignore[arg-type, misc]


_FORMS: dict[re.Pattern[str], Callable[[re.Match[str]], datetime]] = {
    _SECONDS: lambda found: datetime.fromtimestamp(float(found[0]), UTC),
    _HTTP: lambda found: parsedate_to_datetime(found[0]),
    _ISO: lambda found: datetime.fromisoformat(found[0]),
    _REPR: _read_repr,
}


def _distance(
    read: Callable[[re.Match[str]], datetime], now: datetime
) -> Callable[[re.Match[str]], str]:
    """What to say in place of a time that was found; the same again where it is far, or none."""

    def spoken(found: re.Match[str]) -> str:
        try:
            time = read(found)
        except (ValueError, OverflowError, OSError):
            return found[0]
        if found.groupdict().get("clock", "") is None:  # a day: as late in it as it is now
            time = datetime.combine(time, now.timetz())
        days = _days(time, now)
        if days is None:
            return found[0]
        if days == 0:
            return "(now)"
        many = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
        return f"(in {many})" if days > 0 else f"({many} ago)"

    return spoken


def _days(time: datetime, now: datetime) -> int | None:
    """How far it is away, to the nearest day; None where that is very far."""
    away = (time if time.tzinfo else time.replace(tzinfo=UTC)) - now
    return round(away / timedelta(days=1)) if abs(away) < _NEAR else None
