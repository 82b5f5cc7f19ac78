"""The principal: whoever a request's credentials speak for."""

import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from flask import abort, current_app, g, redirect, request, url_for
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from werkzeug.exceptions import HTTPException

from app.auth import tokens
from app.auth.browser import signed_in_user
from app.auth.errors import Unauthenticated
from app.auth.opaque import fingerprint
from app.auth.scopes import CLIENT_PREFIX, SCOPES, parse_scopes, spell_scopes
from app.errors import ApiError, Unauthorized
from app.extensions import db
from app.memo import remember
from app.models import OAuthClient, User
from app.services import api_keys
from app.services.lookup import find

TRUSTED_SECONDS = 5
REFUSALS = (ApiError, HTTPException, JWTExtendedException, PyJWTError)
CREDENTIALS = ("Authorization", "X-API-Key")
TABLES = ("api_keys", "oauth_clients", "refresh_sessions", "revoked_tokens", "users")
"""Where it stands whether credentials hold."""


@dataclass(frozen=True)
class Principal:
    """Who is asking, and what their credential is good for.

    ``subject`` is the claim ``sub``: a user's id as text, or ``client:`` and the id of an
    OAuth client that acts for itself. ``scopes`` are those of the credential; what the role
    leaves of them is decided in ``app/auth/guards.py``. ``role`` is ``None`` for such a client,
    and for the operator: they are no users.
    """

    subject: str
    scopes: frozenset[str]
    role: str | None

    @property
    def user(self) -> User | None:
        """The user, asked of the database; ``None`` for who is none."""
        return None if self.role is None else find(User, int(self.subject))


def current_principal() -> Principal:
    """Who sent the current request: found out once, then kept until its end, also if nobody.

    The pages of the desk ask the browser's session, and send whoever is not signed in to the
    form. Everything else asks for the operator's ``X-Admin-Key``, an API key or a bearer
    token, never for a cookie, and raises 401 where there is none, or none that holds.
    """
    if "refusal" in g:
        raise g.refusal
    if "principal" not in g:
        try:
            g.principal = of_browser() if request.blueprint == "desk" else of_request()
        except REFUSALS as refusal:
            g.refusal = refusal
            raise
    principal: Principal = g.principal
    return principal


def recognised_principal() -> Principal | None:
    """The same, or ``None`` where ``current_principal`` refuses."""
    try:
        return current_principal()
    except REFUSALS:
        return None


def of_browser() -> Principal:
    user = signed_in_user()
    if user is None:
        abort(redirect(url_for("session.show_form")))
    return Principal(str(user.id), frozenset(SCOPES), user.role)


def of_request() -> Principal:
    if "X-Admin-Key" in request.headers:
        return of_operator(request.headers["X-Admin-Key"])
    sent = [f"{name}: {request.headers[name]}" for name in CREDENTIALS if name in request.headers]
    if not sent:
        return of_credentials()[0]  # which says what is missing
    # A fingerprint: who reads the cache gets no credentials from it. With the keys that sign:
    # what one of them has signed is not trusted longer than the key.
    keys = [current_app.config[name] for name in ("SECRET_KEY", "SIGNING_KEYS")]
    key = "principal:" + fingerprint("\n".join([*sent, *keys]))
    facts = remember(key, TRUSTED_SECONDS, TABLES, facts_of_credentials)
    if facts["expires_at"] <= time.time():
        return of_credentials()[0]  # which says that they have expired
    return Principal(facts["subject"], parse_scopes(facts["scope"]), facts["role"])


def facts_of_credentials() -> dict[str, Any]:
    principal, expires_at = of_credentials()
    return {
        "subject": principal.subject,
        "scope": spell_scopes(principal.scopes),
        "role": principal.role,
        "expires_at": expires_at,
    }


def of_credentials() -> tuple[Principal, float]:
    """Who the credentials speak for, and until when, in seconds since 1970."""
    key = api_keys.key_of_request()
    if key is not None:
        return of_user(str(key.user_id), key.scope), key.expires_at.timestamp()
    claims = tokens.claims_of_request()
    subject: str = claims["sub"]
    if subject.startswith(CLIENT_PREFIX):
        return of_client(subject.removeprefix(CLIENT_PREFIX), claims["scope"]), claims["exp"]
    return of_user(subject, claims["scope"]), claims["exp"]


def of_operator(given: str) -> Principal:
    """Whoever runs the server, by ``ADMIN_KEY`` of the config; no key set, nobody enters."""
    key = current_app.config.get("ADMIN_KEY") or ""
    if not key or not compare_digest(given.encode(), key.encode()):
        raise Unauthorized("this is not the X-Admin-Key")
    return Principal("operator", frozenset({"admin"}), None)


def of_user(subject: str, scope: str) -> Principal:
    user = find(User, int(subject)) if subject.isdecimal() else None
    if user is None or not user.active:
        raise Unauthenticated("account_closed", "the account behind these credentials is closed")
    return Principal(subject, parse_scopes(scope), user.role)


def of_client(client_id: str, scope: str) -> Principal:
    client = db.session.get(OAuthClient, client_id)
    if client is None:
        raise Unauthenticated("account_closed", "the client behind this token is gone")
    granted = parse_scopes(scope) & parse_scopes(client.scope)
    return Principal(CLIENT_PREFIX + client_id, granted, None)
