"""API keys: made, found again, rotated."""

from collections.abc import Collection
from datetime import timedelta

from app.auth.errors import NotBuiltYet
from app.models import ApiKey

LIFETIME = timedelta(days=90)
OVERLAP = timedelta(days=1)


def create_key(
    user_id: int, name: str, scopes: Collection[str], granted: frozenset[str]
) -> tuple[ApiKey, str]:
    """Store a key for ``LIFETIME``, commit, and return it with its secret, which is then gone.

    ``prefix`` is random, 12 hexadecimal digits; the secret a ``new_secret()``, stored as its
    ``fingerprint``. Raises ``Forbidden``, code ``scope_not_granted``, where ``scopes`` has
    more than ``granted``, what the caller may do: nobody hands on what they do not have.
    """
    raise NotBuiltYet("3.5")


def rotate_key(key: ApiKey, granted: frozenset[str]) -> tuple[ApiKey, str]:
    """Put a new key in the place of ``key``, commit, and return it with its secret.

    The new one has the user, name and scope of the old one, and a whole ``LIFETIME``. The old
    one works for ``OVERLAP`` from now on, so that the callers can change over one by one, and
    never longer than it would have. Raises ``Forbidden`` as ``create_key`` does: a rotation
    shows a secret too.
    """
    raise NotBuiltYet("3.5")


def remove_key(key: ApiKey) -> None:
    """Remove a key, and commit: it is refused from now on."""
    raise NotBuiltYet("3.5")


def key_of_request() -> ApiKey | None:
    """The key that came with the current request; ``None`` where none was tried.

    It comes as ``X-API-Key: prefix.secret``, or by HTTP Basic (RFC 7617) with the prefix for
    a user and the secret for a password. The former wins. Raises ``Unauthenticated``: code
    ``api_key_expired`` for the right secret of a key whose time is over, ``api_key_invalid``
    for anything else, always the same, so that nobody learns which prefixes there are.
    """
    return None
