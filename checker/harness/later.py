"""Another year: what a suite is run in that must not depend on when it runs."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_YEAR = 365.25 * 24 * 3600
_Day, _Moment = datetime.date, datetime.datetime
_HOLDERS = (
    "flask_jwt_extended.config",
    "flask_jwt_extended.tokens",
    "flask_jwt_extended.view_decorators",
    "jwt.api_jwt",
)
"""Modules, loaded long before, that hold ``datetime`` by name and ask it for the time."""


class _AlsoReal(type):
    """A moment that a library has made is one too."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _Moment if issubclass(cls, _Moment) else _Day)


@contextmanager
def years_later(years: int) -> Iterator[None]:
    """Within, whatever is imported anew finds it is so many years later, by every clock."""
    if not years:
        yield
        return
    seconds = years * _YEAR
    ahead, now = datetime.timedelta(seconds=seconds), time.time

    class LaterDay(datetime.date, metaclass=_AlsoReal):
        @classmethod
        def today(cls) -> Any:
            return (_Moment.now().astimezone() + ahead).date()

    class LaterMoment(datetime.datetime, metaclass=_AlsoReal):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _Moment.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return _Moment.now(datetime.UTC).replace(tzinfo=None) + ahead

        @classmethod
        def today(cls) -> Any:
            return (_Moment.now().astimezone() + ahead).replace(tzinfo=None)

    def of_now(real: Callable[..., Any]) -> Callable[..., Any]:
        """``gmtime`` and its like: of now, where nobody says of when."""
        return lambda moment=None: real(now() + seconds if moment is None else moment)

    clocks: dict[str, Any] = {
        "time": lambda: now() + seconds,
        "time_ns": lambda: int((now() + seconds) * 1e9),
        "gmtime": of_now(time.gmtime),
        "localtime": of_now(time.localtime),
    }
    holders: list[Any] = [sys.modules[name] for name in _HOLDERS if name in sys.modules]
    with (
        patch.multiple(time, **clocks),
        patch.multiple(datetime, datetime=LaterMoment, date=LaterDay),
    ):
        for each in holders:
            each.datetime = LaterMoment
        try:
            yield
        finally:
            for each in holders:
                each.datetime = _Moment
