"""What a project may be called: one name that is good everywhere it will stand."""

from __future__ import annotations

import re
from collections.abc import Container

from checker.errors import UserError

# What is left when a package (PEP 503), an image, a Compose project, a Kubernetes deployment
# (RFC 1123), a nginx upstream and a role of PostgreSQL all have to take it as it is.
NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
LONGEST = 30
TAKEN = {
    **dict.fromkeys(("app", "deploy", "gate", "migrations", "tests", "wsgi"), "the project's own"),
    **dict.fromkeys(("no", "null", "off", "on", "true", "false", "yes", "y", "n"), "YAML's"),
    **dict.fromkeys(("none", "public", "template0", "template1"), "PostgreSQL's"),
    **dict.fromkeys(("aux", "con", "nul", "prn"), "Windows'"),
    "root": "a logger's",
}


def check_name(name: str, packages: Container[str]) -> None:
    """Raise :class:`UserError` for a name that would break something later.

    ``packages`` are those that the project installs: none can depend on itself.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        like = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST].strip("-")
        raise UserError(
            f"{name!r} cannot be the name of a project: at most {LONGEST} of a-z, 0-9 and single"
            f" hyphens, a letter first{f'; {like} would do' if NAME.fullmatch(like) else ''}"
        )
    if name in TAKEN:
        raise UserError(f"{name!r} is {TAKEN[name]} already: choose another name")
    if name in packages:
        raise UserError(f"{name!r} is a package that the project needs: choose another name")
