"""A limit for whoever tries passwords, codes and refresh tokens."""

from flask import Flask

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

    Beyond that: 429, and on that alone ``Retry-After`` in seconds. Each app counts for itself.
    """
