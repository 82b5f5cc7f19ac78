"""Secrets that we make: long and random, shown once, kept as a hash."""

import hashlib
import hmac
import secrets

from flask import current_app


def new_secret() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """The SHA-256 of a secret of ours, 64 hexadecimal digits.

    A fast hash is right here: 256 random bits cannot be guessed, however fast one tries. It
    is wrong for a password, which a person has chosen.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def pseudonym(text: str) -> str:
    """A name for what somebody typed, the same for the same: to count with, not to read.

    Keyed, and not a ``fingerprint``: what people type can be guessed, and hashed to compare.
    """
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"pseudonym\0" + text.encode(), "sha256").hex()[:16]
