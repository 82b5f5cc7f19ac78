"""Says which files make up a report, and who vouches for them: ``provenance.json``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import UserError
from checker.files import write, write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

NAME = "provenance.json"
# Beside the report, and no part of it: what makes the next run quick.
WORKSHOP = ".grading"


@dataclass(frozen=True)
class Verified:
    """What a report's provenance says of it. ``changed`` names files that are not as they were."""

    files: int
    changed: tuple[str, ...]
    key: str | None
    vouched: bool


def digests(out: Path) -> dict[str, str]:
    """The hash of every file of a report, by its name."""
    found = {}
    for folder, inner, names in os.walk(out):
        inner[:] = sorted(name for name in inner if name != WORKSHOP)
        for name in sorted(names):
            path = Path(folder) / name
            relative = path.relative_to(out).as_posix()
            if relative != NAME and not path.is_symlink():
                found[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def seal(out: Path, files: Mapping[str, str], key: Path | None) -> None:
    """Write down the files and their hashes, signed with the key in ``key`` where one is given."""
    table: dict[str, Any] = {"version": 1, "files": dict(files), "key": None, "signature": None}
    if key is not None:
        private = private_key(key)
        table["key"] = fingerprint(private.public_key())
        table["signature"] = base64.b64encode(private.sign(_message(files))).decode()
    write_json(out / NAME, table)


def verify(out: Path, key: Path | None) -> Verified:
    """Compare a report with its provenance, and its signature with ``key``, public or private.

    Raises :class:`UserError` where there is nothing to compare with.
    """
    file = out / NAME
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        files, signature = table["files"], table["signature"]
        if not all(isinstance(value, str) for value in files.values()):
            raise TypeError("files")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}: is {out} a report?") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is not what `checker grade` writes ({error!r})") from error
    found = digests(out)
    changed = sorted(
        name for name in files.keys() | found.keys() if files.get(name) != found.get(name)
    )
    vouched = False
    if key is not None:
        if signature is None:
            raise UserError(f"{out} is not signed: grade with --key {key} to have it signed")
        vouched = _is_signed(public_key(key), signature, _message(files))
    return Verified(len(files), tuple(changed), table.get("key"), vouched)


def private_key(file: Path) -> Ed25519PrivateKey:
    """The key in ``file``; a new one, with its public half beside it, where there is no file."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not file.exists():
        new = Ed25519PrivateKey.generate()
        secret = new.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write(file, secret, 0o600)
        public = new.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write(file.with_name(f"{file.name}.pub"), public)
        return new
    found = _loaded(file)
    if not isinstance(found, Ed25519PrivateKey):
        raise UserError(f"{file} is a public key: sign with the private one")
    return found


def public_key(file: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    found = _loaded(file)
    return found.public_key() if isinstance(found, Ed25519PrivateKey) else found


def fingerprint(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _loaded(file: Path) -> Ed25519PrivateKey | Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

    try:
        data = file.read_bytes()
        found: object
        if b"PRIVATE KEY" in data:
            found = serialization.load_pem_private_key(data, None)
        else:
            found = serialization.load_pem_public_key(data)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UserError(f"{file} is no key of ours: name a file that does not exist yet") from error
    if not isinstance(found, Ed25519PrivateKey | Ed25519PublicKey):
        raise UserError(f"{file} is no Ed25519 key: name a file that does not exist yet")
    return found


def _is_signed(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError, TypeError):
        return False
    return True


def _message(files: Mapping[str, str]) -> bytes:
    return json.dumps(files, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
