"""Secrets that we make: long and random, shown once, kept as a hash."""

import hashlib
import secrets


def new_secret() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """The SHA-256 of a secret of ours, 64 hexadecimal digits.

    A fast hash is right here: 256 random bits cannot be guessed, however fast one tries. It
    is wrong for a password, which a person has chosen.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
