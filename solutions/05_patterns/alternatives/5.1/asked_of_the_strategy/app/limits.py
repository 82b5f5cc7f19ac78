"""Limits: how often one caller may ask."""

import time
from collections.abc import Callable
from functools import cache
from math import ceil
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse
from werkzeug.exceptions import TooManyRequests

from app.auth.principal import recognised_principal

View = TypeVar("View", bound=Callable[..., Any])

UNLIMITED = "unlimited"


def unlimited(view: View) -> View:
    """Mark a view that is never refused for being asked too often. Stands below the route.

    For what machines ask all day, health checks and metrics: a monitor that is turned away
    reports an outage.
    """
    setattr(view, UNLIMITED, True)
    return view


def init_limits(app: Flask) -> None:
    """Limit how often each caller may ask ``app``, and tell them where they stand.

    Who is counted
        is ``caller()``; each for themselves, and over all endpoints together, those that have
        a limit of their own (see ``app/auth/throttle.py``) included.
    How often
        ``RATE_LIMIT`` of the config, as it is at that moment: ``"600 per minute"``.
    What does not count
        Requests for a view that is marked as ``unlimited``, Flask's ``static``, and addresses
        that no view answers.
    What every answer that counts says
        ``RateLimit-Limit``, ``RateLimit-Remaining`` and ``RateLimit-Reset``: how often, how
        often still, and in how many seconds anew, whole numbers; the last is 1 or more. Where
        another limit applies as well, those of the one that the extension names.
    Beyond it
        429 in the envelope, code ``too_many_requests``, whether or not the credentials hold,
        and before the view runs; on that alone ``Retry-After``: seconds, at least 1.

    The extension is ``app.extensions["limits"]``, which other limits of this app are made with.
    Each app has its own, which counts in ``RATELIMIT_STORAGE_URI`` of the config.
    """
    app.extensions["limits"] = Limiter(get_remote_address, app=app, on_breach=wait)
    app.before_request(count)
    app.after_request(tell)


def count() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static" or getattr(view, UNLIMITED, False):
        return
    rate, who = rate_of(current_app.config["RATE_LIMIT"]), caller()
    strategy = current_app.extensions["limits"].limiter
    allowed = strategy.hit(rate, who)
    ends, left = strategy.get_window_stats(rate, who)
    g.standing = rate.amount, left, seconds_until(ends)
    if not allowed:
        raise TooManyRequests(retry_after=seconds_until(ends))


@cache
def rate_of(text: str) -> RateLimitItem:
    return parse(text)


def caller() -> str:
    """Whom the current request counts for.

    ``user:`` and the subject of the principal, if the request's credentials hold; a claim
    that nobody has verified counts for nothing. Else ``address:`` and the remote address,
    which is a proxy's word only where ``TRUSTED_PROXIES`` says so.
    """
    principal = recognised_principal()
    return f"user:{principal.subject}" if principal else f"address:{get_remote_address()}"


def tell(response: Response) -> Response:
    standing = g.get("standing", ())
    named = current_app.extensions["limits"].current_limit  # a guess at a password has one more
    if standing and named is not None:
        standing = named.limit.amount, named.remaining, seconds_until(named.reset_at)
    for name, number in zip(("Limit", "Remaining", "Reset"), standing, strict=False):
        response.headers[f"RateLimit-{name}"] = str(number)
    return response


def wait(limit: RequestLimit) -> Response:
    """For the limits that others make with the extension."""
    return Response(status=429, headers={"Retry-After": str(seconds_until(limit.reset_at))})


def seconds_until(moment: float) -> int:
    return max(1, ceil(moment - time.time()))
