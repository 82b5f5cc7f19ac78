"""The same work gets the same bytes: what of a verdict's words is not its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import jwt
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from checker.grade.settled import settled

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
DAY = timedelta(days=1)
DUE = NOW + 21 * DAY
CLAIMS = {"sub": "eve", "iat": int(NOW.timestamp())}
TOKEN = jwt.encode(CLAIMS, "a-key-of-thirty-two-characters-!", "HS256")


class SignedNow(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(NOW.timestamp())


COOKIE = URLSafeTimedSerializer("key", "session", signer=SignedNow).dumps({"user": 7})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"{CLAIMS['iat']}", "(now)"),
        (f"{{'iat': {CLAIMS['iat']}, 'age': 3}}", "{'iat': (now), 'age': 3}"),
        (f"after {NOW.timestamp()}", "after (now)"),
        (f"due {DUE.isoformat()}", "due (in 21 days)"),
        (
            f"'{DUE:%Y-%m-%dT%H:%M:%SZ}' or {DUE:%Y-%m-%d %H:%M:%S.%f}.",
            "'(in 21 days)' or (in 21 days).",
        ),
        (f"on {(NOW - DAY).date()}, late", "on (1 day ago), late"),
        (f"Date: {format_datetime(NOW, usegmt=True)}", "Date: (now)"),
        (f"{DUE!r} == {DUE.date()!r}", "(in 21 days) == (in 21 days)"),
        (f"{DUE.replace(tzinfo=None)!r}", "(in 21 days)"),
        (f"Bearer {TOKEN}", "Bearer …"),
        (f"Bearer {TOKEN[:60]}…", "Bearer ……"),
        (f"'Bearer {TOKEN[:24]}...{TOKEN[-20:]}'", "'Bearer …'"),
        (f"['session={COOKIE.lower()}', 'secure']", "['session=…', 'secure']"),
        ('{"duration_ms": 22.854, "status": 201}', '{"duration_ms": …, "status": 201}'),
        (
            "('X-Response-Time', '0.094'), ('Vary', 'Cookie')",
            "('X-Response-Time', '…'), ('Vary', 'Cookie')",
        ),
        ("took seconds=3", "took seconds=…"),
        ("at: unix:/tmp/tmphx68s8vl/s (136)", "at: unix:/tmp/tmp…/s (136)"),
        (f"session={COOKIE}; HttpOnly", "session=…; HttpOnly"),
        ("<Book object at 0x7f00deadbeef>", "<Book object at 0x…>"),
        ("/scratch/room-1/01/app.py:3", "01/app.py:3"),
    ],
)
def test_what_differs_from_run_to_run_is_left_out(said: str, expected: str) -> None:
    assert settled(said, {"/scratch/room-1": ""}, NOW) == expected


@pytest.mark.parametrize(
    "said",
    [
        "9780141439518 and 0141439518 are two numbers of one book",
        "published 1813-01-28, returned 2020-02-29T12:00:00+00:00",
        "datetime.date(1999, 12, 31) != datetime.datetime(1999, 12, 31, 0, 0)",
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "99999999999 or 2026-13-45 or 1.2.3 or v1.21.0-rc1",
        "flask_jwt_extended.exceptions.NoAuthorizationError: Missing cookie",
        "app.models.a_function_with_a_long_name",
        "eyJ is how a token begins",
        "times: 3, items: 4, a timeout, 12 ms of 30",
    ],
)
def test_what_is_the_same_in_each_run_stays(said: str) -> None:
    assert settled(said, {}, NOW) == said


def test_it_goes_as_deep_as_the_verdict_does() -> None:
    verdict = {"tests": [{"got": NOW.isoformat(), "seconds": 0.0}], "problem": None}
    assert settled(verdict, {}, NOW) == {
        "tests": [{"got": "(now)", "seconds": 0.0}],
        "problem": None,
    }


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (f"{'x' * 1500}\n{'y' * 499}", "y" * 499),
        (f"{'x' * 1500}\n{'y' * 400}", f"{'x' * 1500}\n{'y' * 400}"),
        ("x" * 2000, "x" * 2000),
        (f"{'x' * 1999}\n", f"{'x' * 1999}\n"),
    ],
    ids=["cut", "whole", "one line", "one line with its end"],
)
def test_what_was_cut_begins_with_a_line(printed: str, expected: str) -> None:
    assert settled({"printed": printed}, {}, NOW) == {"printed": expected}
