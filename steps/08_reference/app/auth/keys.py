"""The key ring: which key signs, and which ones still verify."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from app.values import MIN_SECRET_BYTES, ConfigError

KID = re.compile("[A-Za-z0-9._-]{1,32}")


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
    listed: str = config["SIGNING_KEYS"]
    if not listed.strip():
        return (derived_key(config["SECRET_KEY"]),)
    keys = tuple(read_key(entry) for entry in listed.split())
    if len({key.kid for key in keys}) < len(keys):
        raise ConfigError("SIGNING_KEYS: names a kid twice")
    return keys


def signing_key() -> Key:
    """The key that signs new tokens: the first of the ring, as the config is just now."""
    return read_keys(current_app.config)[0]


def verifying_key(kid: object) -> Key | None:
    """The key of the ring with this ``kid``, whatever a stranger wrote there, or ``None``."""
    return next((key for key in read_keys(current_app.config) if key.kid == kid), None)


def read_key(entry: str) -> Key:
    kid, _, secret = entry.partition(":")
    if KID.fullmatch(kid) is None:
        raise ConfigError("SIGNING_KEYS: each key is written kid:secret")
    if len(secret.encode()) < MIN_SECRET_BYTES:
        # Not even the kid is shown: where the colon was forgotten, it is the secret.
        raise ConfigError(f"SIGNING_KEYS: a secret is shorter than {MIN_SECRET_BYTES} bytes")
    return Key(kid, secret.encode())


def derived_key(secret_key: str) -> Key:
    digest = hashlib.sha256(b"access tokens\0" + secret_key.encode())
    return Key("derived", digest.digest())
