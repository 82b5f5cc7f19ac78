"""A limit for whoever tries passwords, codes and refresh tokens."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

ENDPOINTS = (
    "auth.login",
    "auth.refresh",
    "oauth.token",
    "session.sign_in",
    "users.change_my_password",
)
SIGN_IN = ("auth.login", "session.sign_in")


def init_throttle(app: Flask) -> None:
    """See the contract."""
    app.extensions["throttle"] = FixedWindowRateLimiter(MemoryStorage())
    app.before_request(count_try)
    app.after_request(count_failure)


def count_try() -> None:
    if request.endpoint not in ENDPOINTS:
        return
    throttle = current_app.extensions["throttle"]
    by_address = parse(current_app.config["AUTH_RATE_LIMIT"])
    where = (request.endpoint, request.remote_addr or "")
    if not throttle.hit(by_address, *where):
        refuse(throttle.get_window_stats(by_address, *where).reset_time)
    by_account = parse(current_app.config["ACCOUNT_RATE_LIMIT"])
    if request.endpoint in SIGN_IN and not throttle.test(by_account, account()):
        refuse(throttle.get_window_stats(by_account, account()).reset_time)


def count_failure(response: Response) -> Response:
    if request.endpoint in SIGN_IN and response.status_code == 401:
        limit = parse(current_app.config["ACCOUNT_RATE_LIMIT"])
        current_app.extensions["throttle"].hit(limit, account())
    return response


def refuse(reset_time: float) -> None:
    raise TooManyRequests(retry_after=max(1, int(reset_time - time.time())))


def account() -> str:
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    email = body.get("email") if isinstance(body, Mapping) else None
    return str(email).strip().lower()
