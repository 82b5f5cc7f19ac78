"""Refusals: 401 where we do not know who asks, 403 where we know and the answer is no.

The header ``WWW-Authenticate`` is that of RFC 6750, section 3.
"""

from collections.abc import Iterable

from app.errors import ApiError

REALM = "library"


class Unauthenticated(ApiError):
    """401. ``code`` says why: ``token_missing``, ``token_expired``, …

    A request without a token is told the scheme and nothing else; for a token that does not
    hold the challenge names the error of RFC 6750.
    """

    status = 401

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        challenge = f'Bearer realm="{REALM}"'
        if code.startswith("token_") and code != "token_missing":
            challenge += ', error="invalid_token"'
        self.headers = {"WWW-Authenticate": challenge}


class Forbidden(ApiError):
    """403. ``scopes`` are those that the request would need, if scopes are what is missing."""

    status = 403

    def __init__(self, code: str, message: str, scopes: Iterable[str] = ()) -> None:
        super().__init__(code, message)
        wanted = " ".join(scopes)
        if wanted:
            challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{wanted}"'
            self.headers = {"WWW-Authenticate": challenge}


class NotBuiltYet(ApiError):
    """501: the course's own, for what an open exercise has still to add."""

    status = 501

    def __init__(self, exercise: str) -> None:
        super().__init__("not_implemented", f"exercise {exercise} adds this")
