"""The key ring: which key signs, and which ones still verify."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app


@dataclass(frozen=True)
class Key:
    """A key that signs and verifies (HMAC). ``kid`` is public, ``secret`` never shown."""

    kid: str
    secret: bytes = field(repr=False)


def read_keys(config: Mapping[str, Any]) -> tuple[Key, ...]:
    """The ring, the key that signs first.

    ``config["SIGNING_KEYS"]`` lists the keys as ``kid:secret``, with spaces between them. A
    ``kid`` is 1 to 32 of the characters ``A-Z a-z 0-9 . _ -``, each one another; a secret is
    whatever follows the first colon, 32 bytes or more in UTF-8. Where the list is empty there
    is one key, derived from ``SECRET_KEY``: the same for the same, another for another, and
    not ``SECRET_KEY`` itself, which signs cookies.

    Raises ``ConfigError`` for a list that is not like this; the message names
    ``SIGNING_KEYS`` and shows no secret.
    """
    # Exercise 3.3, first half: today there is one key, and it cannot be changed in use.
    digest = hashlib.sha256(b"access tokens\0" + config["SECRET_KEY"].encode())
    return (Key("derived", digest.digest()),)


def signing_key() -> Key:
    """The key that signs new tokens: the first of the ring, as the config is just now."""
    return read_keys(current_app.config)[0]


def verifying_key(kid: object) -> Key | None:
    """The key of the ring with this ``kid``, whatever a stranger wrote there, or ``None``."""
    key = signing_key()
    return key if key.kid == kid else None
