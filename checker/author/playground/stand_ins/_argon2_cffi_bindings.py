"""Argon2 for a page: the module that argon2-cffi asks for, by the hashes that JavaScript has.

Only what ``argon2.low_level`` calls. The algorithm is the real one, its hashes are those that
the C library makes; it is slower.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import Any

import course_hashes

_NAMES = ("argon2d", "argon2i", "argon2id")
_ENCODED = re.compile(
    r"\$(argon2(?:d|i|id))(?:\$v=(\d+))?\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)",
    re.ASCII,
)


class ffi:  # noqa: N801 - its name there
    """Memory that C could write to."""

    NULL = None

    @staticmethod
    def new(kind: str, value: int | bytes) -> bytearray:
        return bytearray(value)

    @staticmethod
    def string(buffer: bytes | bytearray) -> bytes:
        return bytes(buffer).rstrip(b"\0")

    @staticmethod
    def buffer(buffer: bytearray, size: int) -> bytes:
        return bytes(buffer[:size])


class lib:  # noqa: N801 - its name there
    """The functions of the C library."""

    ARGON2_VERSION_NUMBER = 0x13
    ARGON2_OK = 0
    ARGON2_VERIFY_MISMATCH = -35
    ARGON2_DECODING_FAIL = -32
    Argon2_d, Argon2_i, Argon2_id = range(3)

    _PROBLEMS = (
        (-2, "Output is too short", lambda t, m, p, salt, size: size < 4),
        (-6, "Salt is too short", lambda t, m, p, salt, size: len(salt) < 8),
        (-12, "Time cost is too small", lambda t, m, p, salt, size: t < 1),
        (-16, "Too few lanes", lambda t, m, p, salt, size: p < 1),
        (-14, "Memory cost is too small", lambda t, m, p, salt, size: m < 8 * p),
    )

    @staticmethod
    def argon2_encodedlen(t: int, m: int, p: int, salt: int, size: int, kind: int) -> int:
        return len(_encoded(kind, 0x13, t, m, p, bytes(salt), bytes(size)))

    @staticmethod
    def argon2_hash(
        t: int,
        m: int,
        p: int,
        secret: bytearray,
        secret_size: int,
        salt: bytearray,
        salt_size: int,
        raw: bytearray | None,
        size: int,
        encoded: bytearray | None,
        encoded_size: int,
        kind: int,
        version: int,
    ) -> int:
        for code, _, wrong in lib._PROBLEMS:
            if wrong(t, m, p, salt, size):
                return code
        made = _hash(kind, bytes(secret), bytes(salt), t, m, p, size, version)
        if raw is not None:
            raw[:] = made
        if encoded is not None:
            encoded[:] = _encoded(kind, version, t, m, p, bytes(salt), made)
        return lib.ARGON2_OK

    @staticmethod
    def argon2_verify(encoded: bytearray, secret: bytearray, size: int, kind: int) -> int:
        found = _ENCODED.fullmatch(bytes(encoded).decode("latin-1"))
        if found is None or found[1] != _NAMES[kind]:
            return lib.ARGON2_DECODING_FAIL
        version = int(found[2] or 0x10)
        m, t, p = map(int, found.group(3, 4, 5))
        try:
            salt, wanted = _decoded(found[6]), _decoded(found[7])
        except ValueError:
            return lib.ARGON2_DECODING_FAIL
        if any(wrong(t, m, p, salt, len(wanted)) for _, _, wrong in lib._PROBLEMS):
            return lib.ARGON2_DECODING_FAIL
        made = _hash(kind, bytes(secret), salt, t, m, p, len(wanted), version)
        equal = hmac.compare_digest(made, wanted)
        return lib.ARGON2_OK if equal else lib.ARGON2_VERIFY_MISMATCH

    @staticmethod
    def argon2_error_message(code: int) -> bytes:
        texts = {code: text for code, text, _ in lib._PROBLEMS} | {
            lib.ARGON2_OK: "OK",
            lib.ARGON2_VERIFY_MISMATCH: "The password does not match the supplied hash",
            lib.ARGON2_DECODING_FAIL: "Decoding failed",
        }
        return texts.get(code, "Unknown error code").encode()


def _hash(
    kind: int, secret: bytes, salt: bytes, t: int, m: int, p: int, size: int, version: int
) -> bytes:
    made: Any = course_hashes.argon2(kind, secret, salt, t, m, p, size, version)
    return bytes(made.to_bytes())


def _encoded(kind: int, version: int, t: int, m: int, p: int, salt: bytes, made: bytes) -> bytes:
    parts = "$".join(base64.b64encode(each).decode().rstrip("=") for each in (salt, made))
    return f"${_NAMES[kind]}$v={version}$m={m},t={t},p={p}${parts}".encode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
