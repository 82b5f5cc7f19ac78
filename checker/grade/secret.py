"""What only the instructor's machine knows, and the random values of all tests come from.

They come from the learner's files too: the same work meets the same values. That alone would be
no secret, as code can read the files that it is a part of while it runs: it could reckon what a
test is about to ask, and on which of many apps its own tests stand before a planted bug.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from checker.errors import UserError
from checker.files import read, write
from checker.grade.signing import WORKSHOP

_BITS = 256
_WRITTEN = re.compile(rb"[0-9a-f]{64}")


def secret_of(out: Path) -> int:
    """The one that the report in ``out`` was begun with; a new report's is that of this user.

    So the same class comes to the same report on this machine, wherever it is written; and a
    report that is carried elsewhere takes its own along.
    """
    own = out / WORKSHOP / "secret"
    found = _known(own)
    if found is None:
        found = b"%064x" % secrets.randbits(_BITS)
        # Who has no home, or one that keeps nothing, has it in the report alone.
        with suppress(OSError, RuntimeError):
            users = _home() / "secret"
            known = _known(users)
            if known is None:
                write(users, found, 0o600)
            found = known or found
        write(own, found, 0o600)
    return int(found, 16)


def _known(file: Path) -> bytes | None:
    try:
        content = read(file)
    except (OSError, UserError):
        return None
    return content if content is not None and _WRITTEN.fullmatch(content) else None


def _home() -> Path:
    """Raises ``RuntimeError`` for a user of whom the system knows nothing."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "build-secure-ship"
