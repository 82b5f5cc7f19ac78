"""What hides errors from those who operate the app."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project


@rule(
    "BSS520",
    "error-swallowed",
    "warning",
    "5.6a 5.6b",
    what="An error is handled, or told.",
    why="What is caught and dropped is in no log and no metric: the app is wrong, and nobody "
    "knows. A bare except also catches the signal to stop.",
    repair="Name the exception that you expect; log what you do not.",
    example="""
try:
    notify(user)
except NotifyError:
    logger.exception("not notified", extra={"user_id": user.id})
""",
)
def error_swallowed(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for node in file.all(ast.ExceptHandler):
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            if node.type is None and not raises:
                yield file.hit(node, "a bare except catches everything, also the signal to stop")
            elif (
                node.type is not None
                and file.qual(node.type) in {"Exception", "BaseException"}
                and all(_nothing(line) for line in node.body)
            ):
                yield file.hit(node, "every error is dropped without a word")
        for call in file.calls_of("contextlib.suppress"):
            if any(file.qual(kind) in {"Exception", "BaseException"} for kind in call.args):
                yield file.hit(call, "every error is dropped without a word")


def _nothing(line: ast.stmt) -> bool:
    return isinstance(line, (ast.Pass, ast.Continue)) or (
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
    )


@rule(
    "BSS521",
    "print-in-view",
    "note",
    "5.6a",
    what="A request is told of in the log.",
    why="What is printed has no level, no time, no correlation id, and cannot be searched.",
    repair="Use the app's logger.",
    example="""
current_app.logger.info("book lent", extra={"copy_id": copy.id})
""",
)
def print_in_view(project: Project) -> Iterator[Hit]:
    for view in project.views:
        for node in ast.walk(view.function):
            if isinstance(node, ast.Call) and view.file.qual(node.func) == "print":
                yield view.file.hit(node, f"{view.function.name} prints")
                break
