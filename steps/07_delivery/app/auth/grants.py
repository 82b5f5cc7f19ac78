"""What we hand to somebody who has signed in: an access token, and one to renew it."""

from typing import Any

from app.auth.scopes import ROLE_SCOPES, parse_scopes, spell_scopes
from app.auth.tokens import LIFETIME, issue_access_token
from app.models import User
from app.services import sessions


def first_tokens(user: User, wanted: str | None) -> dict[str, Any]:
    """Tokens for what ``wanted`` names and the role of ``user`` has; without it, for all of it."""
    scopes = ROLE_SCOPES[user.role]
    if wanted is not None:
        scopes &= parse_scopes(wanted)
    return tokens_of(sessions.begin(user.id, spell_scopes(scopes), client_id=None))


def next_tokens(refresh_token: str) -> dict[str, Any]:
    """Tokens for a refresh token of our own; raises what ``sessions.renew`` raises."""
    return tokens_of(sessions.renew(refresh_token, client_id=None))


def tokens_of(opened: sessions.Opened) -> dict[str, Any]:
    """The answer of RFC 6749, section 5.1."""
    token = issue_access_token(str(opened.user_id), parse_scopes(opened.scope), opened.family_id)
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "refresh_token": opened.refresh_token,
        "scope": opened.scope,
    }
