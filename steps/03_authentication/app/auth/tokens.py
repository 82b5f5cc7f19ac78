"""Access tokens: JSON Web Tokens (RFC 7519) that we sign and nobody else."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask

from app.auth.errors import NotBuiltYet
from app.extensions import jwt

LIFETIME = timedelta(minutes=15)


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
    jwt.init_app(app)  # exercise 3.2 starts here


def issue_access_token(subject: str, scopes: Iterable[str], family_id: str | None = None) -> str:
    """A new access token for ``subject``, good for ``scopes``; see :func:`init_tokens`."""
    raise NotBuiltYet("3.2")


def claims_of_request() -> Mapping[str, Any]:
    """The claims of the token that came with the request; raises unless it is accepted."""
    raise NotBuiltYet("3.2")
