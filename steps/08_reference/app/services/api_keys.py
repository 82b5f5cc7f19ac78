"""API keys: made, found again, rotated."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import Authorization

from app.auth.errors import Forbidden, Unauthenticated
from app.auth.opaque import fingerprint, new_secret
from app.auth.scopes import parse_scopes, spell_scopes
from app.extensions import db
from app.models import ApiKey

PREFIX_BYTES = 6
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
    refuse_more_than(granted, scopes)
    key, secret = add(user_id, name, spell_scopes(scopes))
    db.session.commit()
    return key, secret


def rotate_key(key: ApiKey, granted: frozenset[str]) -> tuple[ApiKey, str]:
    """Put a new key in the place of ``key``, commit, and return it with its secret.

    The new one has the user, name and scope of the old one, and a whole ``LIFETIME``. The old
    one works for ``OVERLAP`` from now on, so that the callers can change over one by one, and
    never longer than it would have. Raises ``Forbidden`` as ``create_key`` does: a rotation
    shows a secret too.
    """
    refuse_more_than(granted, parse_scopes(key.scope))
    successor, secret = add(key.user_id, key.name, key.scope)
    key.expires_at = min(key.expires_at, datetime.now(UTC) + OVERLAP)
    db.session.commit()
    return successor, secret


def remove_key(key: ApiKey) -> None:
    """Remove a key, and commit: it is refused from now on."""
    db.session.delete(key)
    db.session.commit()


def key_of_request() -> ApiKey | None:
    """The key that came with the current request; ``None`` where none was tried.

    It comes as ``X-API-Key: prefix.secret``, or by HTTP Basic (RFC 7617) with the prefix for
    a user and the secret for a password. The former wins. Raises ``Unauthenticated``: code
    ``api_key_expired`` for the right secret of a key whose time is over, ``api_key_invalid``
    for anything else, always the same, so that nobody learns which prefixes there are. A
    header that cannot be read (``request.authorization`` raises ``ValueError``) opens nothing.
    """
    basic = basic_of_request()
    if "X-API-Key" in request.headers:
        prefix, _, secret = request.headers["X-API-Key"].partition(".")
    elif basic is not None:
        prefix, secret = basic.username or "", basic.password or ""
    else:
        return None
    key = db.session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if key is None or not compare_digest(key.secret_hash, fingerprint(secret)):
        raise Unauthenticated("api_key_invalid", "this is no API key")
    if key.expires_at <= datetime.now(UTC):
        raise Unauthenticated("api_key_expired", "the API key has expired: rotate it in time")
    return key


def basic_of_request() -> Authorization | None:
    try:
        sent = request.authorization
    except ValueError:  # Werkzeug's, for a header with letters outside ASCII
        return None
    return sent if sent is not None and sent.type == "basic" else None


def refuse_more_than(granted: frozenset[str], scopes: Collection[str]) -> None:
    foreign = frozenset(scopes) - granted
    if foreign:
        raise Forbidden("scope_not_granted", f"not yours to give: {spell_scopes(foreign)}")


def add(user_id: int, name: str, scope: str) -> tuple[ApiKey, str]:
    secret = new_secret()
    key = ApiKey(
        user_id=user_id,
        name=name,
        prefix=secrets.token_hex(PREFIX_BYTES),
        secret_hash=fingerprint(secret),
        scope=scope,
        expires_at=datetime.now(UTC) + LIFETIME,
    )
    db.session.add(key)
    return key, secret
