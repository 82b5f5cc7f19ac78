"""``python -m checker.author.pages`` records every shown output; ``--check`` compares."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from checker.author.pages.markup import counted
from checker.author.pages.recording import RecordingError, Recordings, record
from checker.course import Course, CourseError, find_course


def main(arguments: list[str]) -> int:
    """Returns 0 when the recordings are up to date now, 1 when not, 4 when they cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m checker.author.pages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, show what differs")
    check = parser.parse_args(arguments).check
    root = find_course(Path.cwd())
    if root is None:
        print("Run this inside the course's folder.", file=sys.stderr)
        return 2
    folder = root / "docs" / "outputs"
    try:
        listed = Recordings.load(folder / "recordings.toml")
        fresh = record(Course.load(root), listed)
    except (CourseError, RecordingError) as error:
        print(error, file=sys.stderr)
        return 4
    kept = {file.name: file.read_text(encoding="utf-8") for file in recorded(folder)}
    for session in listed.left_out:
        # Nothing is known of these here, neither that they hold nor that they do not.
        fresh |= {name: kept[name] for name in session.names if name in kept}
        print(
            f"left out, as {session.needs} is not set: {counted(len(session.names), 'recording')}"
        )
    for line in differences(kept, fresh):
        print(line)
    if not check:
        write(folder, fresh)
    return int(check and kept != fresh)


def recorded(folder: Path) -> list[Path]:
    """The files that recording made; the list itself is the only other one there."""
    return sorted(file for file in folder.iterdir() if file.suffix in {".txt", ".svg"})


def differences(kept: dict[str, str], fresh: dict[str, str]) -> list[str]:
    """What a fresh run changes, as one unified diff over all recordings."""
    lines: list[str] = []
    for name in sorted(kept.keys() | fresh.keys()):
        old, new = kept.get(name, ""), fresh.get(name, "")
        lines += difflib.unified_diff(
            old.splitlines(),
            new.splitlines(),
            f"kept/{name}",
            f"fresh/{name}",
            lineterm="",
        )
    return lines


def write(folder: Path, fresh: dict[str, str]) -> None:
    """Keep the fresh recordings, and drop those that are no longer made."""
    for file in recorded(folder):
        if file.name not in fresh:
            file.unlink()
    for name, text in fresh.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
