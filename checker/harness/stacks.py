"""Where was the learner's code when it hung or crashed? Reads what ``faulthandler`` left."""

from __future__ import annotations

import re
from pathlib import Path

from checker.harness.failure import Location
from checker.harness.ground import Ground

_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+|\?\?\?) in (?P<function>.+)$')


def learner_line(dump: str, ground: Ground) -> Location | None:
    """The innermost line of the learner's in a dump; None where it shows none."""
    known: dict[str, str] | None = None
    for text in dump.splitlines():
        match = _FRAME.match(text)
        if match is None:
            continue
        known = _files(ground) if known is None else known
        name = known.get(match["file"])
        if name is not None:
            function = None if match["function"] == "<module>" else match["function"]
            if match["line"].isdigit():
                return Location(name, int(match["line"]), function)
            # Caught between two lines: an instruction of the interpreter's own has none.
            return ground.definition_named(name, function) or Location(name, None, function)
    return None


def _files(ground: Ground) -> dict[str, str]:
    """The learner's files by the spelling of ``faulthandler``, which writes ASCII only."""
    files = {}
    for path in _python_files(ground.root):
        if ground.owner(str(path)) == "learner":
            name = ground.relative(str(path))
            seen = str(ground.seen / name).encode("ascii", "backslashreplace").decode("ascii")
            files[seen] = name
    return files


def _python_files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*.py") if path.is_file()]
