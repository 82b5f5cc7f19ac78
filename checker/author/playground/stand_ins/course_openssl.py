"""What ``hashlib`` has from OpenSSL elsewhere, by the hashes that JavaScript has.

Importing this module puts it into ``hashlib``.
"""

from __future__ import annotations

import hashlib
from typing import Any

import course_hashes


def pbkdf2_hmac(
    hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """As ``hashlib.pbkdf2_hmac``."""
    size = hashlib.new(hash_name).digest_size if dklen is None else dklen
    made: Any = course_hashes.pbkdf2(hash_name, bytes(password), bytes(salt), iterations, size)
    if made is None:
        raise ValueError(f"unsupported hash type {hash_name}")
    return bytes(made.to_bytes())


def scrypt(
    password: bytes, *, salt: bytes, n: int, r: int, p: int, maxmem: int = 0, dklen: int = 64
) -> bytes:
    """As ``hashlib.scrypt``."""
    made: Any = course_hashes.scrypt(bytes(password), bytes(salt), n, r, p, dklen)
    return bytes(made.to_bytes())


hashlib.pbkdf2_hmac = pbkdf2_hmac  # type: ignore[assignment]
hashlib.scrypt = scrypt  # type: ignore[assignment]
