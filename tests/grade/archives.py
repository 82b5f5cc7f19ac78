"""Archives as learners, LMSes and villains make them."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A plain zip, as most programs make it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def zipped_member(name: str, content: bytes, mode: int) -> bytes:
    """A zip of one member with this file mode: a link, a device."""
    made = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app/kept.py", "")
        archive.writestr(info, content)
    return made.getvalue()


def zipped_link(name: str, target: str) -> bytes:
    return zipped_member(name, target.encode(), stat.S_IFLNK | 0o777)


def encrypted(content: bytes) -> bytes:
    """A zip whose only member says that it is encrypted."""
    data = bytearray(zipped({"app/secret.py": content}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def tarred(files: Mapping[str, bytes | str], packing: str = "gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{packing}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def tarred_member(name: str, kind: bytes, target: str = "") -> bytes:
    """A tarball of a file, and of one member of this kind."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        first = tarfile.TarInfo("app/kept.py")
        archive.addfile(first)
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return made.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
