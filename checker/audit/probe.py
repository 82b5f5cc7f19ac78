"""The child's side of :mod:`checker.audit.building`: builds the app, writes what it is like.

It runs as a script, knows nothing of the checker, and never writes a secret's value.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

SHOWN = (
    "DEBUG",
    "TESTING",
    "MAX_CONTENT_LENGTH",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_SECURE",
)


def built(module_name: str, call: str) -> object:
    """The app of ``module:call``, where ``call`` is a name, or one with literal arguments."""
    import importlib

    module = importlib.import_module(module_name)
    node = ast.parse(call, mode="eval").body
    if isinstance(node, ast.Name):
        found = getattr(module, node.id)
        return found if hasattr(found, "wsgi_app") else found()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = [ast.literal_eval(argument) for argument in node.args]
        named = {given.arg: ast.literal_eval(given.value) for given in node.keywords if given.arg}
        return getattr(module, node.func.id)(*arguments, **named)
    raise ValueError(f"{call} is neither a name nor a call")


def look(app: object) -> dict[str, object]:
    """What the audit wants to know of an app."""
    from flask import Flask

    if not isinstance(app, Flask):
        raise TypeError(f"it made a {type(app).__name__}, no Flask app")
    secret = app.secret_key or ""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/no-such-page-anywhere", headers={"Accept": "application/json"})
    return {
        "config": {name: app.config.get(name) for name in SHOWN},
        "rules": sorted({rule.rule for rule in app.url_map.iter_rules()}),
        "extensions": sorted(app.extensions),
        "secret_length": len(secret if isinstance(secret, bytes) else secret.encode()),
        "not_found": answer.content_type or "",
    }


def main(module: str, call: str, answer: str) -> None:
    # The script's own folder comes first by itself: there the project's names would be ours.
    sys.path[0] = str(Path.cwd())
    told: dict[str, object]
    try:
        told = look(built(module, call))
    except BaseException as error:  # noqa: BLE001 - also sys.exit(): whatever it is, it is told
        lines = str(error).splitlines() or [""]
        told = {"error": f"{type(error).__name__}: {lines[0]}"[:300]}
    Path(answer).write_text(json.dumps(told, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:4])
