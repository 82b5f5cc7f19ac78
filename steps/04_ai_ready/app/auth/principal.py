"""The principal: whoever a request's credentials speak for."""

from dataclasses import dataclass
from hmac import compare_digest

from flask import abort, current_app, g, redirect, request, url_for

from app.auth import tokens
from app.auth.browser import signed_in_user
from app.auth.errors import Unauthenticated
from app.auth.scopes import CLIENT_PREFIX, SCOPES, parse_scopes
from app.errors import Unauthorized
from app.extensions import db
from app.models import OAuthClient, User
from app.services import api_keys
from app.services.lookup import find


@dataclass(frozen=True)
class Principal:
    """Who is asking, and what their credential is good for.

    ``subject`` is the claim ``sub``: a user's id as text, or ``client:`` and the id of an
    OAuth client that acts for itself. ``scopes`` are those of the credential; what the role
    leaves of them is decided in ``app/auth/guards.py``. ``user`` is ``None`` for such a client,
    and for the operator.
    """

    subject: str
    scopes: frozenset[str]
    user: User | None


def current_principal() -> Principal:
    """Who sent the current request: found out once, then kept until its end.

    The pages of the desk ask the browser's session, and send whoever is not signed in to the
    form. Everything else asks for the operator's ``X-Admin-Key``, an API key or a bearer
    token, never for a cookie, and raises 401 where there is none, or none that holds.
    """
    if "principal" not in g:
        g.principal = of_browser() if request.blueprint == "desk" else of_credentials()
    principal: Principal = g.principal
    return principal


def of_browser() -> Principal:
    user = signed_in_user()
    if user is None:
        abort(redirect(url_for("session.show_form")))
    return Principal(str(user.id), frozenset(SCOPES), user)


def of_credentials() -> Principal:
    if "X-Admin-Key" in request.headers:
        return of_operator(request.headers["X-Admin-Key"])
    key = api_keys.key_of_request()
    if key is not None:
        return of_user(str(key.user_id), key.scope)
    claims = tokens.claims_of_request()
    subject: str = claims["sub"]
    if subject.startswith(CLIENT_PREFIX):
        return of_client(subject.removeprefix(CLIENT_PREFIX), claims["scope"])
    return of_user(subject, claims["scope"])


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
    return Principal(subject, parse_scopes(scope), user)


def of_client(client_id: str, scope: str) -> Principal:
    client = db.session.get(OAuthClient, client_id)
    if client is None:
        raise Unauthenticated("account_closed", "the client behind this token is gone")
    granted = parse_scopes(scope) & parse_scopes(client.scope)
    return Principal(CLIENT_PREFIX + client_id, granted, None)
