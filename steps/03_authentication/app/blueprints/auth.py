"""Signing in, staying in, signing out: for programs that act for one person."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.auth.grants import first_tokens, next_tokens
from app.auth.guards import public, requires
from app.auth.tokens import claims_of_request
from app.schemas.auth import LoginSchema, RefreshSchema
from app.services import sessions
from app.services.accounts import authenticate

auth = Blueprint("auth", __name__)


@auth.post("/login")
@public
def login() -> ResponseReturnValue:
    values = LoginSchema().load(request.get_json())
    user = authenticate(values["email"], values["password"])
    return first_tokens(user, values["scope"])


@auth.post("/refresh")
@public
def refresh() -> ResponseReturnValue:
    return next_tokens(RefreshSchema().load(request.get_json())["refresh_token"])


@auth.post("/logout")
@requires()
def logout() -> ResponseReturnValue:
    claims = claims_of_request()
    sessions.revoke_access_token(claims)
    if claims.get("sid") is not None:
        sessions.end_family(claims["sid"])
    return "", 204
