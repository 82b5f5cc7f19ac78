"""The lock of a project's tools, cut out of the lock that the course itself is tested with."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEADER = """\
# What the project runs with, and what it is worked on with. Made anew, whenever pyproject.toml or
# requirements.lock has changed, by
#   uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url \\
#     --python-version 3.11 --constraints requirements.lock --output-file requirements-dev.lock
"""
ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==.*(?:\n[ ].*)*", re.MULTILINE)
COMMENT = re.compile(r"\n +#.*")
ASKED_BY = re.compile(r"^ +# +(?:via )?([a-z0-9._-]+)$", re.MULTILINE)


def entries(lock: str) -> dict[str, str]:
    """The entries of a lock as uv writes it, by the packages' names; some have one per Python."""
    found: dict[str, str] = {}
    for match in ENTRY.finditer(lock):
        found[match[1]] = found.get(match[1], "") + match[0] + "\n"
    return found


def dev_lock(pyproject: str, runtime: str, everything: str) -> str:
    """What ``runtime`` locks, and what the group ``dev`` of ``pyproject`` needs beyond it.

    ``everything`` is a lock that holds the group, and more; its comments say who asked for what.
    Raises :class:`KeyError` for a package of the group that it does not hold.
    """
    known = entries(everything)
    asked_by = {name: set(ASKED_BY.findall(entry)) for name, entry in known.items()}
    group = tomllib.loads(pyproject)["dependency-groups"]["dev"]
    needed: set[str] = set()
    found: set[str] = {canonicalize_name(Requirement(line).name) for line in group}
    while found:
        needed |= found
        found = {name for name, askers in asked_by.items() if askers & needed} - needed
    chosen = {name: known[name] for name in needed} | entries(runtime)
    return HEADER + COMMENT.sub("", "".join(chosen[name] for name in sorted(chosen)))
