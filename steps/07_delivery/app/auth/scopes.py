"""Scopes: what a credential is good for, and what a role may have at most."""

from collections.abc import Iterable

SCOPES = (
    "books:read",
    "books:write",
    "loans:read",
    "loans:write",
    "users:read",
    "users:write",
    "admin",
)

CLIENT_PREFIX = "client:"
"""What the subject of an OAuth client that acts for itself begins with."""

ROLE_SCOPES = {
    "member": frozenset({"books:read", "loans:read", "loans:write"}),
    "librarian": frozenset(SCOPES) - {"admin"},
    "admin": frozenset(SCOPES),
}


def parse_scopes(text: str) -> frozenset[str]:
    """The scopes of a claim or parameter, names with spaces between them (RFC 6749, 3.3)."""
    return frozenset(text.split())


def spell_scopes(scopes: Iterable[str]) -> str:
    """The opposite: one text, in the order of ``SCOPES``; what is not in there comes last."""
    order = {scope: place for place, scope in enumerate(SCOPES)}
    return " ".join(sorted(scopes, key=lambda scope: (order.get(scope, len(order)), scope)))
