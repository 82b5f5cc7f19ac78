"""Sessions: refresh tokens that work once, and access tokens that are taken back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from app.auth.errors import NotBuiltYet
from app.models import User

LIFETIME = timedelta(days=30)


class Opened(NamedTuple):
    """What :func:`begin` and :func:`renew` hand out."""

    user_id: int
    scope: str
    family_id: str | None
    refresh_token: str | None


def begin(user_id: int, scope: str, client_id: str | None, family_id: str | None = None) -> Opened:
    """Open a family, store its first refresh token, and commit.

    The token is a ``new_secret()``, stored as its ``fingerprint``, good for ``LIFETIME``. The
    family has the ``family_id`` that is given, else a new one of 32 hexadecimal digits.
    """
    return Opened(user_id, scope, None, None)  # exercise 3.3, second half, starts here


def renew(token: str, client_id: str | None) -> Opened:
    """Exchange a refresh token for the next one of its family, and commit.

    The new one is for the same user, scope, client and family. Raises ``Unauthenticated``,
    with the first of these codes that applies:

    ``refresh_invalid``
        We did not give this token to this client (``client_id``, ``None`` is ourselves).
    ``refresh_revoked``
        The family was revoked, or the user is not active.
    ``refresh_reused``
        The token was exchanged before: one of the two who have it is a thief, and nobody
        knows which. The family is revoked, and that is committed. Of several who exchange
        one token at the very same moment, one gets the next token at most.
    ``refresh_expired``
        Its time is over.
    """
    raise NotBuiltYet("3.3")


def end_family(family_id: str) -> None:
    """Revoke every refresh token of a family, and commit. What was revoked before stays so."""
    raise NotBuiltYet("3.3")


def end_all(user: User) -> None:
    """Revoke every family of ``user``, and every access token issued so far, and commit.

    The latter by ``user.tokens_valid_after``: now, without the fraction of the second, since
    ``iat`` counts whole ones.
    """
    raise NotBuiltYet("3.3")


def revoke_access_token(claims: Mapping[str, Any]) -> None:
    """Put an access token on the blocklist until it expires, and commit.

    A token that is there already is left alone, also where another logout has put it there
    a moment ago. What has expired meanwhile is dropped: the list stays as long as fifteen
    minutes of logouts.
    """
    raise NotBuiltYet("3.3")


def is_revoked(claims: Mapping[str, Any]) -> bool:
    """Whether an access token, valid in itself, was taken back.

    It was, if its ``jti`` is on the blocklist, its family (``sid``) was revoked, or its user
    has ``tokens_valid_after`` later than its ``iat``. Every request waits for the answer:
    ``users.find_user_and`` gets it in one statement.
    """
    return False
