"""Limits: how often one caller may ask."""

import time
from collections.abc import Callable
from math import ceil
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

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
    limiter = Limiter(
        caller,
        app=app,
        application_limits=[lambda: str(current_app.config["RATE_LIMIT"])],
        application_limits_exempt_when=is_unlimited,
        on_breach=refuse,
    )
    app.extensions["limits"] = limiter
    app.after_request(tell_limit)


def caller() -> str:
    """Whom the current request counts for.

    ``user:`` and the subject of the principal, if the request's credentials hold; a claim
    that nobody has verified counts for nothing. Else ``address:`` and the remote address,
    which is a proxy's word only where ``TRUSTED_PROXIES`` says so.
    """
    principal = recognised_principal()
    if principal is not None:
        return f"user:{principal.subject}"
    return f"address:{get_remote_address()}"


def is_unlimited() -> bool:
    return hasattr(current_app.view_functions.get(request.endpoint or ""), UNLIMITED)


def refuse(limit: RequestLimit) -> Response:
    """What is put around the refusal. Not to be raised: a storage that fails is what the
    extension would take it for, and go on to count in memory."""
    # Not the extension's own headers: they say Retry-After on every answer, also on a 200.
    return Response(status=429, headers={"Retry-After": str(seconds_until_reset(limit))})


def tell_limit(response: Response) -> Response:
    limit = current_app.extensions["limits"].current_limit
    if limit is not None:
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(limit.remaining)
        response.headers["RateLimit-Reset"] = str(seconds_until_reset(limit))
    return response


def seconds_until_reset(limit: RequestLimit) -> int:
    return max(1, ceil(limit.window.reset_time - time.time()))
