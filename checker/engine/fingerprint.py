"""Has what a warm process imported changed on disk since?"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path


def fingerprint() -> tuple[tuple[str, int], ...]:
    """The installed packages and the checker's own modules, by name and time of change.

    Two calls give equal values as long as a warm process may go on.
    """
    return (*installed(), *_own())


def installed() -> list[tuple[str, int]]:
    """The installed packages, by a name that holds the version."""
    # Installing, upgrading or removing a package adds or removes a .dist-info folder,
    # whose name holds the version.
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    found = []
    for folder in sorted(folders):
        with os.scandir(folder) as entries:
            found += [(e.name, 0) for e in entries if e.name.endswith((".dist-info", ".pth"))]
    return sorted(found)


def _own() -> list[tuple[str, int]]:
    package = Path(__file__).parent.parent
    files = [
        *package.glob("*.py"),
        *package.glob("engine/*.py"),
        *package.glob("harness/*.py"),
    ]
    return sorted((str(file), file.stat().st_mtime_ns) for file in files)
