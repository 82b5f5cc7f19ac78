"""Compiles the learner's files so that each function says when it is left.

A profiler would know that too, and make every call of every library several times as slow.
Here only the learner's own functions pay. Lines, names and tracebacks stay as they are.
"""

from __future__ import annotations

import ast
from typing import Any, TypeVar

Function = TypeVar("Function", ast.FunctionDef, ast.AsyncFunctionDef)

LEFT = "__course_left__"
"""What a marked module calls with the name and the first line of the function that is left.

A lambda passes its value too, and gets it back.
"""


def marked(source: Any, filename: str) -> ast.Module:
    """The module, with every function's body in a ``try`` whose ``finally`` calls ``LEFT``.

    Raises whatever :func:`ast.parse` does.
    """
    tree: ast.Module = _Marker().visit(ast.parse(source, filename))
    return tree


class _Marker(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._mark(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._mark(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        who: list[ast.expr] = [ast.Constant("<lambda>"), ast.Constant(node.lineno), node.body]
        call = ast.Call(ast.Name(LEFT, ast.Load()), who, keywords=[])
        for made in (call, call.func, *who[:2]):
            ast.copy_location(made, node.body)
        node.body = call
        return node

    def _mark(self, node: Function) -> Function:
        self.generic_visit(node)
        documented = ast.get_docstring(node, clean=False) is not None
        heading: list[ast.stmt] = node.body[:documented]
        body: list[ast.stmt] = node.body[documented:]
        if not body:
            return node
        # As Python counts: a function begins at its first decorator.
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        who: list[ast.expr] = [ast.Constant(node.name), ast.Constant(first)]
        call: ast.stmt = ast.Expr(ast.Call(ast.Name(LEFT, ast.Load()), who, keywords=[]))
        around = ast.Try(body, handlers=[], orelse=[], finalbody=[call])
        for made in (around, *ast.walk(call)):
            ast.copy_location(made, body[0])
        node.body = [*heading, around]
        return node
