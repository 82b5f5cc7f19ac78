"""Security: how a client may prove who it is, and what an operation demands."""

from collections.abc import Callable
from typing import Any

from app.auth.errors import REALM
from app.auth.guards import PUBLIC, RULE
from app.auth.scopes import SCOPES
from app.openapi.contracts import contract_of

MEANINGS = {
    "books:read": "see the catalogue",
    "books:write": "change the catalogue",
    "loans:read": "see loans",
    "loans:write": "borrow, renew and return",
    "users:read": "see who holds a card",
    "users:write": "issue cards, and make keys in your name that outlive this consent",
    "admin": "administer the library",
}

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"An access token, from a login or by OAuth 2; realm {REALM}.",
    },
    "oauth2": {
        "type": "oauth2",
        "description": "For programs. PKCE with S256 is demanded of all of them.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/api/v1/oauth/token",
                "scopes": {scope: MEANINGS[scope] for scope in SCOPES},
            },
            "authorizationCode": {
                "authorizationUrl": "/api/v1/oauth/authorize",
                "tokenUrl": "/api/v1/oauth/token",
                "refreshUrl": "/api/v1/oauth/token",
                "scopes": {scope: MEANINGS[scope] for scope in SCOPES},
            },
        },
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "For programs of the house: prefix.secret, in one.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The same key: the prefix for a user, the secret for a password.",
    },
    "client": {
        "type": "http",
        "scheme": "basic",
        "description": "A program of OAuth 2: its client_id and its client_secret.",
    },
    "operator": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Admin-Key",
        "description": "Whoever runs the server.",
    },
}


def demands_of(view: Callable[..., Any]) -> frozenset[str] | None:
    """The scopes that a view demands, perhaps none of them; ``None`` where it is public."""
    rule: Any = getattr(view, RULE, frozenset())
    return None if rule == PUBLIC else rule


def security_of(view: Callable[..., Any]) -> list[dict[str, list[str]]]:
    """Any one of these opens ``view``; for a public one, nothing is needed.

    What a scheme is good for is told in the same words for all: OpenAPI 3.1 allows that. A
    program of OAuth 2 that can keep no secret has nothing to prove itself with, and only says
    which one it is, in the form (RFC 6749, 3.2.1): an empty requirement beside the other.
    """
    demands = demands_of(view)
    if contract_of(view).for_programs:
        return [{"client": []}, {}]
    if demands is None:
        return []
    scopes = [scope for scope in SCOPES if scope in demands]
    schemes = ["bearer", "oauth2", "api_key", "basic"]
    if demands <= {"admin"}:
        schemes.append("operator")
    return [{scheme: scopes} for scheme in schemes]
