"""Building the project's app, on request, in a process of its own with a time limit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from checker.audit.project import Built
from checker.errors import EnvironmentTrouble, UserError

LIMIT = 30.0
"""Seconds for importing the project and building its app."""


def build(root: Path, factory: str, limit: float = LIMIT) -> Built:
    """Build ``factory``, such as ``app:create_app`` or ``app:create_app('production')``.

    The child works in ``root``, with this Python and what is installed for it. What the app
    prints is dropped. :class:`EnvironmentTrouble` tells why nothing was built.
    """
    module, colon, call = factory.partition(":")
    if not (colon and module and call):
        raise UserError(
            f"{factory!r} is no factory: write module:function, such as app:create_app, or "
            "with arguments \"app:create_app('production')\""
        )
    probe = Path(__file__).with_name("probe.py")
    with tempfile.TemporaryDirectory(prefix="checker-audit-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, str(probe), module, call, str(answer)]
        try:
            subprocess.run(
                command,
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentTrouble(
                f"{factory} was not built within {limit:g} seconds: does it wait for a service, "
                "or start a server?"
            ) from None
        try:
            told = json.loads(answer.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            raise EnvironmentTrouble(
                f"{factory} ended the process before it was built: try it with flask routes"
            ) from None
    if "error" in told:
        raise EnvironmentTrouble(
            f"{factory} cannot be built here ({told['error']}): run the audit with the Python of "
            "the project, and with the settings that it needs in the environment"
        )
    return Built(
        factory,
        told["config"],
        tuple(told["rules"]),
        tuple(told["extensions"]),
        told["secret_length"],
        told["not_found"],
    )
