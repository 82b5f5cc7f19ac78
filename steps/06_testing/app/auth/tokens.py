"""Access tokens: JSON Web Tokens (RFC 7519) that we sign and nobody else."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_jwt_extended import create_access_token, verify_jwt_in_request
from flask_jwt_extended import exceptions as extended
from jwt import exceptions as pyjwt

from app.auth.errors import Unauthenticated
from app.auth.keys import signing_key, verifying_key
from app.auth.scopes import spell_scopes
from app.errors import answer_api_error
from app.extensions import jwt
from app.services import sessions

LIFETIME = timedelta(minutes=15)
ALGORITHM = "HS256"

REFUSALS: dict[type[Exception], tuple[str, str]] = {
    extended.NoAuthorizationError: ("token_missing", "this needs an access token"),
    extended.InvalidHeaderError: ("token_malformed", "the header should read Bearer and a token"),
    extended.JWTDecodeError: ("token_claims", "the token lacks a claim"),
    extended.UserClaimsVerificationError: ("token_claims", "the token lacks a claim"),
    extended.WrongTokenError: ("token_type", "this is not an access token"),
    extended.RevokedTokenError: ("token_revoked", "the token was revoked"),
    pyjwt.ExpiredSignatureError: ("token_expired", "the token has expired"),
    pyjwt.InvalidAudienceError: ("token_audience", "the token is meant for somebody else"),
    pyjwt.InvalidIssuerError: ("token_issuer", "the token comes from somebody else"),
    pyjwt.InvalidAlgorithmError: ("token_algorithm", "the token is not signed as ours are"),
    pyjwt.InvalidSignatureError: ("token_signature", "the token's signature does not hold"),
    pyjwt.InvalidSubjectError: ("token_subject", "the token's subject is not a text"),
    pyjwt.MissingRequiredClaimError: ("token_claims", "the token lacks a claim"),
    pyjwt.DecodeError: ("token_malformed", "this is no JSON Web Token"),
    pyjwt.InvalidTokenError: ("token_invalid", "the token does not hold"),
}


def init_tokens(app: Flask) -> None:
    """Set up Flask-JWT-Extended for ``app``: how tokens are made, and how they are refused.

    An access token
        is signed with HS256 and ``signing_key()``, whose ``kid`` stands in its header. It
        lives for ``LIFETIME`` and carries ``sub`` (a text), ``iat``, ``exp``, ``jti``, ``iss``
        and ``aud`` (``ISSUER`` and ``AUDIENCE`` of the config), ``scope`` (names
        with spaces between them) and ``sid``, the family it belongs to, or ``null``.
    A token is accepted
        in the header ``Authorization: Bearer …`` and nowhere else, if it is signed with
        HS256 by the key that ``verifying_key(kid)`` gives, has all these claims (``sid`` may
        be missing), comes from our issuer, is meant for our audience, has not expired, and
        ``sessions.is_revoked(claims)`` does not say otherwise.
    Everything else is 401
        in the envelope, as ``Unauthenticated`` answers it, also in a view that is decorated
        with ``jwt_required``. The codes: ``token_missing`` where no bearer token came,
        ``token_malformed`` for what is no JWT, ``token_algorithm``, ``token_key`` (no such
        ``kid``), ``token_signature``, ``token_expired``, ``token_issuer``,
        ``token_audience``, ``token_subject`` (no text), ``token_claims`` (one is missing, or
        ``scope`` or ``sid`` is no text), ``token_revoked``, ``token_type`` for what is no
        access token, and ``token_invalid`` for what is wrong in another way, such as an
        ``iat`` that is still to come.
    """
    app.config.update(
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_ACCESS_TOKEN_EXPIRES=LIFETIME,
        JWT_ENCODE_ISSUER=app.config["ISSUER"],
        JWT_DECODE_ISSUER=app.config["ISSUER"],
        JWT_ENCODE_AUDIENCE=app.config["AUDIENCE"],
        JWT_DECODE_AUDIENCE=app.config["AUDIENCE"],
    )
    jwt.init_app(app)
    # After init_app: for each of these the extension has a handler of its own, which answers
    # some with 422 and all without an envelope.
    for error, (code, message) in REFUSALS.items():
        app.register_error_handler(error, partial(refuse, code, message))


def issue_access_token(subject: str, scopes: Iterable[str], family_id: str | None = None) -> str:
    """A new access token for ``subject``, good for ``scopes``; see :func:`init_tokens`."""
    claims = {"scope": spell_scopes(scopes), "sid": family_id}
    token: str = create_access_token(identity=subject, additional_claims=claims)
    return token


def claims_of_request() -> Mapping[str, Any]:
    """The claims of the token that came with the request; raises unless it is accepted."""
    verified = verify_jwt_in_request()
    if verified is None:  # the extension lets every OPTIONS pass
        raise Unauthenticated(*REFUSALS[extended.NoAuthorizationError])
    _, claims = verified
    return claims


def refuse(code: str, message: str, error: Exception) -> ResponseReturnValue:
    return answer_api_error(Unauthenticated(code, message))


@jwt.encode_key_loader
def key_to_sign_with(identity: str) -> bytes:
    return signing_key().secret


@jwt.additional_headers_loader
def headers(identity: str) -> dict[str, str]:
    return {"kid": signing_key().kid}


@jwt.decode_key_loader
def key_to_verify_with(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    key = verifying_key(header.get("kid"))
    if key is None:
        raise Unauthenticated("token_key", "the token is signed with a key that is not ours")
    return key.secret


@jwt.token_verification_loader
def has_every_claim(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    texts = all(isinstance(claims.get(name), str) for name in ("jti", "scope"))
    family = isinstance(claims.get("sid"), str | None)
    return texts and family and "exp" in claims and "iat" in claims


@jwt.token_in_blocklist_loader
def is_revoked(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    # Asked before the claims are: a token that lacks one is refused there, in other words.
    return has_every_claim(header, claims) and sessions.is_revoked(claims)
