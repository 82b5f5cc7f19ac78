"""Which package brings a module? Tells a missing package from a learner's typing error."""

from __future__ import annotations

import re
from importlib import metadata

# Modules whose package has another name.
_ELSEWHERE = {
    "argon2": "argon2-cffi",
    "dotenv": "python-dotenv",
    "factory": "factory-boy",
    "jwt": "pyjwt",
    "werkzeug": "werkzeug",
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
}


def distribution_of(module: str) -> str | None:
    """The package of the course that brings ``module``; None for any other module."""
    top = module.partition(".")[0]
    if top in _ELSEWHERE:
        return _ELSEWHERE[top]
    name = top.lower().replace("_", "-")
    return name if name in _required() else None


def _required() -> set[str]:
    try:
        lines = metadata.requires("build-secure-ship") or []
    except metadata.PackageNotFoundError:
        return set()
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in lines}
