"""What the checklist looks at: the sources of the app, and the document that it serves."""

import ast
from collections.abc import Iterator
from contextvars import Context
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def modules(folder: Path, package: str = "app") -> Iterator[tuple[str, ast.Module]]:
    """Every module below ``folder / package``, by its path from ``folder``: ``app/config.py``."""
    for path in sorted((folder / package).rglob("*.py")):
        yield path.relative_to(folder).as_posix(), parsed(path, path.stat().st_mtime_ns)


def outside_functions(module: ast.Module) -> Iterator[ast.AST]:
    """Every node of a module that runs when it is imported: not what stands in a function."""
    nodes: list[ast.AST] = [module]
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            nodes += ast.iter_child_nodes(node)


def served_document(app: Flask) -> dict[str, Any] | None:
    """What ``GET /openapi.json`` answers; ``None`` where that is no object of JSON, with 200."""
    # A context of its own: within another one, the request would share its g.
    answer = Context().run(app.test_client().get, "/openapi.json")
    document = answer.get_json(silent=True)
    return document if answer.status_code == 200 and isinstance(document, dict) else None


@cache
def parsed(path: Path, changed: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
