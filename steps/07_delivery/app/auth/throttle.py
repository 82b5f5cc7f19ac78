"""A limit for whoever tries passwords, codes and refresh tokens."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

ENDPOINTS = (
    "auth.login",
    "auth.refresh",
    "oauth.token",
    "session.sign_in",
    "users.change_my_password",
)
SIGN_IN = ("auth.login", "session.sign_in")


def init_throttle(app: Flask) -> None:
    """Limit how often the endpoints in ``ENDPOINTS`` of ``app`` may be asked.

    By address
        ``AUTH_RATE_LIMIT`` of the config, as it is at that moment (``"10 per minute"``): for
        each endpoint and each remote address, whatever the answer. What a client writes into
        ``X-Forwarded-For`` is its own claim and counts for nothing.
    By account
        ``ACCOUNT_RATE_LIMIT`` (``"20 per hour"``): answers of 401 of ``SIGN_IN``, counted
        together for one e-mail address, in whatever letters and spaces, from everywhere.

    Beyond that: 429, and on that alone ``Retry-After``, the seconds until the limit allows the
    next try. These come on top of what ``app/limits.py`` counts, by the same extension. Each app
    counts for itself.
    """
    limiter: Limiter = app.extensions["limits"]
    by_address = limiter.limit(
        lambda: str(current_app.config["AUTH_RATE_LIMIT"]), key_func=get_remote_address
    )
    by_account = limiter.shared_limit(
        lambda: str(current_app.config["ACCOUNT_RATE_LIMIT"]),
        scope="account",
        key_func=account,
        deduct_when=lambda response: response.status_code == 401,
    )
    for endpoint in ENDPOINTS:
        view: Any = by_address(app.view_functions[endpoint])
        app.view_functions[endpoint] = by_account(view) if endpoint in SIGN_IN else view


def account() -> str:
    """The e-mail address that somebody tries to sign in with, as it is stored."""
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    email = body.get("email") if isinstance(body, Mapping) else None
    return str(email).strip().lower()
