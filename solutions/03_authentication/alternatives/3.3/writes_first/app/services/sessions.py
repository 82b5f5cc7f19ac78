"""Sessions: refresh tokens that work once, and access tokens that are taken back."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.auth.errors import Unauthenticated
from app.auth.opaque import fingerprint, new_secret
from app.extensions import db
from app.models import RefreshSession, RevokedToken, User
from app.services.users import find_user_and

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
    opened = add(user_id, scope, client_id, family_id or secrets.token_hex(16))
    db.session.commit()
    return opened


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
    now = datetime.now(UTC)
    mine = (
        RefreshSession.token_hash == fingerprint(token),
        RefreshSession.client_id.is_not_distinct_from(client_id),
    )
    still_good = (
        RefreshSession.used_at.is_(None),
        RefreshSession.revoked_at.is_(None),
        RefreshSession.expires_at > now,
        exists().where(User.id == RefreshSession.user_id, User.active),
    )
    taken = db.session.execute(
        update(RefreshSession)
        .where(*mine, *still_good)
        .values(used_at=now)
        .returning(RefreshSession.user_id, RefreshSession.scope, RefreshSession.family_id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        db.session.rollback()
        refuse(db.session.scalar(select(RefreshSession).where(*mine)))
    opened = add(taken.user_id, taken.scope, client_id, taken.family_id)
    db.session.commit()
    return opened


def refuse(row: RefreshSession | None) -> NoReturn:
    """Say why a token could not be exchanged, the first reason first."""
    if row is None:
        raise Unauthenticated("refresh_invalid", "this is no refresh token of yours")
    if row.revoked_at is not None or not db.session.get_one(User, row.user_id).active:
        raise Unauthenticated("refresh_revoked", "the session was ended: sign in again")
    if row.used_at is not None:
        end_family(row.family_id)
        raise Unauthenticated("refresh_reused", "the token was used before: sign in again")
    raise Unauthenticated("refresh_expired", "the session has expired: sign in again")


def end_family(family_id: str) -> None:
    """Revoke every refresh token of a family, and commit. What was revoked before stays so."""
    revoke(RefreshSession.family_id == family_id)
    db.session.commit()


def end_all(user: User) -> None:
    """Revoke every family of ``user``, and every access token issued so far, and commit.

    The latter by ``user.tokens_valid_after``: now, without the fraction of the second, since
    ``iat`` counts whole ones.
    """
    user.tokens_valid_after = datetime.now(UTC).replace(microsecond=0)
    revoke(RefreshSession.user_id == user.id)
    db.session.commit()


def revoke_access_token(claims: Mapping[str, Any]) -> None:
    """Put an access token on the blocklist until it expires, and commit.

    A token that is there already is left alone, also where another logout has put it there
    a moment ago. What has expired meanwhile is dropped: the list stays as long as fifteen
    minutes of logouts.
    """
    now = datetime.now(UTC)
    db.session.execute(delete(RevokedToken).where(RevokedToken.expires_at <= now))
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    barred = insert(RevokedToken).values(jti=claims["jti"], expires_at=expires_at)
    db.session.commit()
    try:
        db.session.execute(barred)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()


def is_revoked(claims: Mapping[str, Any]) -> bool:
    """Whether an access token, valid in itself, was taken back.

    It was, if its ``jti`` is on the blocklist, its family (``sid``) was revoked, or its user
    has ``tokens_valid_after`` later than its ``iat``. Every request waits for the answer:
    ``users.find_user_and`` gets it in one statement.
    """
    family = RefreshSession.family_id == claims.get("sid")
    taken_back = or_(
        exists().where(RevokedToken.jti == claims["jti"]),
        exists().where(family, RefreshSession.revoked_at.is_not(None)),
    )
    subject: str = claims["sub"]
    found = find_user_and(taken_back, int(subject)) if subject.isdecimal() else None
    if found is None:
        return bool(db.session.scalar(select(taken_back)))
    user, is_taken_back = found
    valid_after = user.tokens_valid_after
    is_too_old = valid_after is not None and claims["iat"] < valid_after.timestamp()
    return is_taken_back or is_too_old


def add(user_id: int, scope: str, client_id: str | None, family_id: str) -> Opened:
    token = new_secret()
    db.session.add(
        RefreshSession(
            family_id=family_id,
            token_hash=fingerprint(token),
            user_id=user_id,
            client_id=client_id,
            scope=scope,
            expires_at=datetime.now(UTC) + LIFETIME,
        )
    )
    return Opened(user_id, scope, family_id, token)


def revoke(condition: Any) -> None:
    statement = update(RefreshSession).where(condition, RefreshSession.revoked_at.is_(None))
    db.session.execute(statement.values(revoked_at=datetime.now(UTC)))
