"""``python -m checker.author.pages.offline SITE ZIP``: the built site as one file to take along.

Unpacked it runs from ``python -m http.server``, without a network. The same site makes the same
bytes.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

FOLDER = "build-secure-ship"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time that a zip gives its files when nobody says otherwise."""

README = """Build, Secure, Ship: the pages of the course.

In this folder, type:

    python3 -m http.server 8000 --bind 127.0.0.1

(py instead of python3 on Windows), and open http://127.0.0.1:8000 in a browser. No network is
needed. Opened as files the pages can be read, but neither searched nor run.
"""


def pack(site: Path, target: Path) -> int:
    """Writes the zip, and says how many files are in it."""
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        _put(packed, "README.txt", README.encode())
        for name, path in sorted(files.items()):
            _put(packed, name, path.read_bytes())
    return len(files)


def _put(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(f"{FOLDER}/{name}", EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    packed.writestr(entry, data)


def main(arguments: list[str]) -> int:
    """Returns 0, or 2 where there is no built site."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    site, target = map(Path, arguments)
    if not (site / "index.html").is_file():
        print(f"{site} holds no built site: mkdocs build --strict -d {site}", file=sys.stderr)
        return 2
    print(f"{pack(site, target)} files in {target}, {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
