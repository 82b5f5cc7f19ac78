"""Signing in, staying in, signing out: for programs that act for one person."""

from typing import Any

from flask import Blueprint

from app.auth.grants import first_tokens, next_tokens
from app.auth.guards import public, requires
from app.auth.tokens import claims_of_request
from app.openapi.contracts import accepts, answers
from app.schemas.auth import LoginSchema, RefreshSchema, TokensSchema
from app.services import sessions
from app.services.accounts import authenticate

auth = Blueprint("auth", __name__)


@auth.post("/login")
@public
@accepts(LoginSchema())
@answers(TokensSchema(), errors={401: ["invalid_credentials"]})
def login(values: dict[str, Any]) -> dict[str, Any]:
    """Sign in.

    The access token is good for 15 minutes, the refresh token for the next pair, once.
    """
    user = authenticate(values["email"], values["password"])
    return first_tokens(user, values["scope"])


@auth.post("/refresh")
@public
@accepts(RefreshSchema())
@answers(
    TokensSchema(),
    errors={401: ["refresh_invalid", "refresh_revoked", "refresh_reused", "refresh_expired"]},
)
def refresh(values: dict[str, Any]) -> dict[str, Any]:
    """Get the next pair of tokens.

    The refresh token is used up. One that comes back a second time ends the session: two
    have it.
    """
    return next_tokens(values["refresh_token"])


@auth.post("/logout")
@requires()
@answers(None, 204)
def logout() -> None:
    """Sign out.

    Ends the session that the access token belongs to.
    """
    claims = claims_of_request()
    sessions.revoke_access_token(claims)
    if claims.get("sid") is not None:
        sessions.end_family(claims["sid"])
