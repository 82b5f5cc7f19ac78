"""Reads what a learner handed in, folder or archive, into memory.

Nothing is laid out on disk here, so nothing can land outside of anything: an archive is only ever
read, member by member, and what comes of it is a mapping of safe relative names to bytes.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from checker.files import IGNORED_FOLDERS, is_ignored

Files = dict[str, bytes]

# Beside what every part of the checker leaves out: the checker's own copies, macOS's, Windows's.
_JUNK_FOLDERS = IGNORED_FOLDERS | {"__MACOSX", ".checker", "$RECYCLE.BIN"}
_JUNK_FILES = {"Thumbs.db", "desktop.ini"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_CHUNK = 1 << 20

# Headers of a tarball that say more about the member that follows, or about all of them
_EXTENDED = {
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
}

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# Known well enough to be named, and to say what to do instead.
OTHER_ARCHIVES = (".rar", ".7z", ".tar.zst", ".gz", ".bz2", ".xz", ".zst")


class Refused(Exception):
    """It cannot be read, and that is not our machine's fault: the reason, in one sentence."""


@dataclass(frozen=True)
class Limits:
    """How much one submission may be. Sizes in bytes.

    ``archive``: of the archive as it came; ``kept``: of all files that are no junk; ``streamed``:
    of what a compressed tarball may unpack to on the way, junk included; ``ratio``: how many
    times its own size an archive may unpack to, once that is more than ``harmless``; ``header``:
    of one of a tarball's extended headers, and ``headers``: of all of them.
    """

    archive: int = 256 << 20
    kept: int = 64 << 20
    streamed: int = 512 << 20
    listing: int = 8 << 20
    harmless: int = 8 << 20
    entries: int = 20_000
    ratio: int = 200
    header: int = 8 << 10
    headers: int = 2 << 20
    path: int = 1024
    depth: int = 40


LIMITS = Limits()


@dataclass(frozen=True)
class _Entry:
    """One member as the archive or the disk tells it. ``read`` yields its content in pieces."""

    name: str
    kind: Literal["file", "folder", "link", "hard link", "special"]
    target: str = ""
    read: Callable[[], Iterator[bytes]] = lambda: iter(())


def is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVES)


def stem(name: str) -> str:
    """``name`` without the ending of an archive."""
    lowered = name.lower()
    for ending in sorted((*ARCHIVES, *OTHER_ARCHIVES), key=len, reverse=True):
        if lowered.endswith(ending):
            return name[: -len(ending)]
    return name


def read(path: Path, limits: Limits = LIMITS) -> Files:
    """Everything in a folder, an archive or a file, junk left out, by relative name.

    Raises :class:`Refused` with the reason, and ``OSError`` where the disk is in the way.
    """
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return _collect(_on_disk(path), limits)
    if not stat.S_ISREG(mode):
        raise Refused(f"{_shown(path.name)} is a {_odd(mode)}, not a folder or an archive")
    if not (is_archive(path.name) or path.name.lower().endswith(OTHER_ARCHIVES)):
        return _collect(_one_file(path), limits)
    if path.stat().st_size > limits.archive:
        raise Refused(f"{_shown(path.name)} is larger than {_size(limits.archive)}")
    with path.open("rb") as file:
        return _unpacked(file, path.name, limits)


def expand(files: Files, limits: Limits = LIMITS) -> Files:
    """``files`` with the archives among them unpacked, each to a folder of its name."""
    collector = _Collector(limits)
    for name, content in files.items():
        if not is_archive(name):
            collector.take(name, content)
            continue
        for inner, data in _unpacked(io.BytesIO(content), name, limits).items():
            collector.take(f"{stem(name)}/{inner}", data)
    return collector.files


def _unpacked(file: BinaryIO, name: str, limits: Limits) -> Files:
    """The content of one archive, whatever its ending says."""
    try:
        return _collect(_members(file, name, limits), limits)
    except Refused:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise Refused(f"{_shown(name)} is damaged: {error}") from error
    except Exception as error:
        # A hostile archive can provoke anything in a library that reads it. Whatever it was, the
        # archive is what cannot be read.
        why = str(error) or type(error).__name__
        raise Refused(f"{_shown(name)} is damaged: {why[:200]}") from error


def _members(file: BinaryIO, name: str, limits: Limits) -> Iterator[_Entry]:
    begin = file.read(262)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if not begin:
        raise Refused(f"{_shown(name)} is empty")
    if begin.startswith(b"PK"):
        return _zipped(file, size, limits)
    ceiling = min(limits.streamed, max(limits.harmless, limits.ratio * size))
    if begin[257:262] == b"ustar":
        return _tarred(file, limits.streamed, limits)
    opened = _decompressed(file, begin)
    if opened is None:
        raise Refused(
            f"{_shown(name)} is no zip and no tarball"
            " (.tar, .tar.gz, .tar.bz2, .tar.xz): ask for a zip"
        )
    return _tarred(opened, ceiling, limits)


def _decompressed(file: BinaryIO, begin: bytes) -> BinaryIO | None:
    if begin.startswith(b"\x1f\x8b"):
        import gzip

        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]  # it reads as one does
    if begin.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(file)  # type: ignore[return-value]
    if begin.startswith(b"\xfd7zXZ\x00"):
        import lzma

        return lzma.LZMAFile(file)  # type: ignore[return-value]
    return None


class _Ceiling(io.RawIOBase):
    """Reads from another file, and refuses to read more than ``most`` bytes in all."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most
        self._most = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(f"it unpacks to more than {_size(self._most)}: too much, or a bomb")
        return data


class _Listed:
    """A zip's file whose table of contents may not be read when it is absurdly long."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise Refused("its table of contents is too long")
        return self._file.read(size)


def _zipped(file: BinaryIO, size: int, limits: Limits) -> Iterator[_Entry]:
    listed = _Listed(file, limits.listing)
    with zipfile.ZipFile(listed) as archive:
        members = archive.infolist()
        kept = [m for m in members if not _is_junk(m.filename)]
        claimed = sum(member.file_size for member in kept)
        if claimed > max(limits.harmless, limits.ratio * size):
            raise Refused(f"it unpacks to over {limits.ratio} times its own size: a bomb")
        for member in members:
            yield _zip_entry(archive, member)


def _zip_entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Entry:
    name = member.filename

    def content() -> Iterator[bytes]:
        if member.flag_bits & 0x1:
            raise Refused(f"{_shown(name)} is encrypted: ask for an archive without a password")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(f"{_shown(name)} is packed in an unusual way: ask for a plain zip")
        with archive.open(member) as opened:
            yield from iter(lambda: opened.read(_CHUNK), b"")

    # Only a zip made on Unix says what kind of file it holds.
    mode = member.external_attr >> 16 if member.create_system == 3 else 0
    if member.is_dir() or name.endswith("\\"):
        return _Entry(name, "folder")
    if stat.S_ISLNK(mode):
        if member.file_size > 4096 or member.flag_bits & 0x1:
            raise Refused(f"{_shown(name)} is a link to nowhere")
        return _Entry(name, "link", os.fsdecode(b"".join(content())))
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return _Entry(name, "special", _odd(mode))
    return _Entry(name, "file", read=content)


def _tarred(file: BinaryIO, ceiling: int, limits: Limits) -> Iterator[_Entry]:
    limited: BinaryIO = _Ceiling(file, ceiling)  # type: ignore[assignment]
    with tarfile.open(fileobj=limited, mode="r|", tarinfo=_short_headers(limits)) as archive:
        for member in archive:
            yield _tar_entry(archive, member)


def _short_headers(limits: Limits) -> type[tarfile.TarInfo]:
    """Members of one tarball, whose extended headers are refused when they are long.

    Python looks through each with patterns that take the square of its length (CVE-2024-6232):
    a few hundred bytes, unpacked, would keep it busy for days.
    """
    left = limits.headers

    class Member(tarfile.TarInfo):
        def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
            nonlocal left
            if self.type in _EXTENDED:
                left -= self.size
                if self.size > limits.header or left < 0:
                    raise Refused("it says too much about its files: ask for a plain zip")
            return super()._proc_member(archive)  # type: ignore[misc, no-any-return]

    return Member


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> _Entry:
    def content() -> Iterator[bytes]:
        opened = archive.extractfile(member)
        if opened is not None:
            with closing(opened):
                yield from iter(lambda: opened.read(_CHUNK), b"")

    if member.isdir():
        return _Entry(member.name, "folder")
    if member.issym():
        return _Entry(member.name, "link", member.linkname)
    if member.islnk():
        return _Entry(member.name, "hard link", member.linkname)
    if not member.isreg():
        return _Entry(member.name, "special", "FIFO" if member.isfifo() else "device")
    return _Entry(member.name, "file", read=content)


def _on_disk(root: Path) -> Iterator[_Entry]:
    """Every entry below a folder; no link is followed, nothing but a plain file is opened."""
    waiting = [(root, "")]
    while waiting:
        folder, prefix = waiting.pop()
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            name = prefix + entry.name
            if _is_junk(name):
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                yield _Entry(name, "link", os.fsdecode(os.readlink(entry.path)))  # noqa: PTH115
            elif stat.S_ISDIR(mode):
                waiting.append((Path(entry.path), f"{name}/"))
                yield _Entry(name, "folder")
            elif stat.S_ISREG(mode):
                yield _Entry(name, "file", read=_disk_reader(entry.path))
            else:
                yield _Entry(name, "special", _odd(mode))


def _one_file(path: Path) -> Iterator[_Entry]:
    yield _Entry(path.name, "file", read=_disk_reader(str(path)))


def _disk_reader(path: str) -> Callable[[], Iterator[bytes]]:
    # Between the look and the opening the file may have become a link or a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)

    def content() -> Iterator[bytes]:
        with open(os.open(path, flags), "rb") as opened:  # noqa: PTH123 - by its descriptor
            yield from iter(lambda: opened.read(_CHUNK), b"")

    return content


def _collect(entries: Iterator[_Entry], limits: Limits) -> Files:
    collector = _Collector(limits)
    for entry in entries:
        collector.add(entry)
    collector.follow_links()
    return collector.files


@dataclass
class _Collector:
    """Takes entries in, one by one, as long as they are safe and within the limits."""

    limits: Limits
    files: Files = field(default_factory=dict)
    _count: int = 0
    _total: int = 0
    _links: list[tuple[str, str]] = field(default_factory=list)
    # Every file and folder by the name that a disk without case would know it by.
    _seen: dict[str, str] = field(default_factory=dict)

    def add(self, entry: _Entry) -> None:
        self._one_more()
        name = _safe(entry.name, self.limits)
        if not name or entry.kind == "folder" or _is_junk(name):
            return
        match entry.kind:
            case "special":
                raise Refused(f"{_shown(name)} is a {entry.target}, not a file")
            case "link":
                inside = _resolved(name, entry.target)
                self._links.append((name, inside))
            case "hard link":
                self._links.append((name, _safe(entry.target, self.limits)))
            case _:
                self.keep(name, self._content(entry))

    def take(self, name: str, content: bytes) -> None:
        """Take in a file that was read before, from the archive around it."""
        self._one_more()
        self._grow(len(content))
        self.keep(name, content)

    def keep(self, name: str, content: bytes) -> None:
        """Take a file in; two names that some disk takes for one are refused."""
        parts = name.split("/")
        for length in range(1, len(parts) + 1):
            path = "/".join(parts[:length])
            key = unicodedata.normalize("NFC", path).casefold()
            kind = "file" if length == len(parts) else "folder"
            known = self._seen.setdefault(key, f"{kind} {path}")
            if known != f"{kind} {path}":
                other = known.partition(" ")[2]
                raise Refused(f"{_shown(path)} and {_shown(other)} are one name on many disks")
        if name in self.files:
            raise Refused(f"{_shown(name)} is in it twice")
        self.files[name] = content

    def follow_links(self) -> None:
        """A link to a file that was handed in too is a copy of it; any other leads nowhere."""
        for name, target in self._links:
            content = self.files.get(target)
            if content is not None:
                self._grow(len(content))
                self.keep(name, content)

    def _content(self, entry: _Entry) -> bytes:
        pieces = []
        for piece in entry.read():
            self._grow(len(piece))
            pieces.append(piece)
        return b"".join(pieces)

    def _one_more(self) -> None:
        self._count += 1
        if self._count > self.limits.entries:
            raise Refused(f"it holds more than {self.limits.entries:,} files and folders")

    def _grow(self, size: int) -> None:
        self._total += size
        if self._total > self.limits.kept:
            raise Refused(f"it holds more than {_size(self.limits.kept)}: too much, or a bomb")


def _safe(name: str, limits: Limits) -> str:
    """``name`` as a relative path with forward slashes; :class:`Refused` where it is none."""
    if _CONTROL.search(name):
        raise Refused(f"{_shown(name)} has control characters in its name")
    slashed = name.replace("\\", "/")  # some programs for Windows pack it so
    if slashed.startswith("/") or _DRIVE.match(slashed):
        raise Refused(f"{_shown(name)} is an absolute path")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"{_shown(name)} leads out of the submission")
    if len(slashed.encode()) > limits.path or len(parts) > limits.depth:
        raise Refused(f"{_shown(name)} is too long or too deep")
    if any(len(part.encode()) > 255 for part in parts):
        raise Refused(f"{_shown(name)} is too long")
    return "/".join(parts)


def _resolved(name: str, target: str) -> str:
    """Where a symbolic link leads, as a name within the submission; refused outside."""
    outside = Refused(f"{_shown(name)} is a link to {_shown(target)}, outside of the submission")
    slashed = target.replace("\\", "/")
    if slashed.startswith("/") or _DRIVE.match(slashed):
        raise outside
    parts = list(PurePosixPath(name).parent.parts)
    for part in slashed.split("/"):
        if part == "..":
            if not parts:
                raise outside
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


@lru_cache(maxsize=4096)
def _is_junk(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        return False  # to be refused, not to be overlooked
    folders, last = parts[:-1], parts[-1]
    return (
        not _JUNK_FOLDERS.isdisjoint(parts)
        or any(folder.startswith("._") for folder in folders)
        or last.startswith("._")
        or last in _JUNK_FILES
        or is_ignored(last)
    )


def _odd(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISFIFO(mode):
        return "FIFO"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:77]}...")


def _size(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count} bytes"
