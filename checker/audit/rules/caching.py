"""What caches that others share may keep."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.rules.auth import GUARDS
from checker.audit.source import Function, PyFile, View, bare, text_of, value_of, words_in

SHARED = re.compile(r"\bpublic\b|s-maxage", re.IGNORECASE)
# Whoever asks one of these has thought of who is asking, or of what
DECIDES = re.compile(
    r"^(authorization|static|view_functions|(flask\.)?request\.(endpoint|blueprint|path|url_rule))$"
    r"|authenticated|anonymous|current_user|principal|identity|is_?public|logged_in|signed_in",
    re.IGNORECASE,
)


@rule(
    "BSS513",
    "private-answer-public",
    "error",
    "5.2a 5.4a 1.4c",
    what="An answer behind a guard is in no cache that others share.",
    why="public, and s-maxage too, let a proxy or a CDN keep even the answer to a request with "
    "Authorization, and give it to the next one who asks, whoever that is.",
    repair="Say private or no-store where somebody has to be known, public where everybody may "
    "ask.",
    example="""
response.headers["Cache-Control"] = "private, no-cache"
""",
)
def private_answer_public(project: Project) -> Iterator[Hit]:
    guarded = [view for view in project.views if _is_guarded(view)]
    if not guarded:
        return
    for file in project.app_files:
        for function in file.functions():
            places = [node for node in ast.walk(function) if _says_public(file, node)]
            if not places or any(map(DECIDES.search, _asked(file, function))):
                continue
            outer = [each for each in file.above(function) if isinstance(each, Function)]
            if any(_says_public(file, node) for each in outer for node in ast.walk(each)):
                continue  # told by the outermost: the decorator is what views name
            behind = _behind(project, function, guarded)
            if behind:
                more = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
                message = f"what {behind[0]}{more} answers behind a guard, a shared cache may keep"
                yield file.hit(places[0], message)


def _asked(file: PyFile, function: Function) -> Iterator[str]:
    """The names that a function uses, in full, and the keys: no prose."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield file.qual(node)
        elif text_of(node) and not file.docstring(node):
            yield text_of(node) or ""


def _is_guarded(view: View) -> bool:
    return any(GUARDS.search(name) for name in view.decorators)


def _behind(project: Project, function: Function, guarded: list[View]) -> list[str]:
    """The guarded views whose answers pass through ``function``: itself, by name, by a hook."""
    name = function.name
    if any(view.function is function for view in guarded):
        return [name]
    decorated = [
        view.function.name
        for view in guarded
        if any(each.rpartition(".")[2] == name for each in view.decorators)
    ]
    hooked = any(_is_hook(file, name, function) for file in project.app_files)
    return decorated or ([view.function.name for view in guarded] if hooked else [])


def _is_hook(file: PyFile, name: str, function: Function) -> bool:
    """Whether it is run after every request of the app: a blueprint's may be all public."""
    for call in file.all(ast.Call):
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in {"after_request", "after_app_request"}
            and _of_app(file, call.func)
            and any(file.qual(given).rpartition(".")[2] == name for given in call.args)
        ):
            return True
    return function in file.functions() and any(
        isinstance(node, ast.Attribute)
        and node.attr in {"after_request", "after_app_request"}
        and _of_app(file, node)
        for node in map(bare, function.decorator_list)
    )


def _of_app(file: PyFile, hook: ast.Attribute) -> bool:
    owner = file.qual(hook.value).rpartition(".")[2]
    return hook.attr == "after_app_request" or owner in {"app", "application"}


def _says_public(file: PyFile, node: ast.AST) -> bool:
    """``Cache-Control`` is given a value that lets shared caches keep the answer."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and _is_header(target.slice):
                return _shares(node.value)
            if isinstance(target, ast.Attribute) and target.attr in {"public", "s_maxage"}:
                of_cache = words_in(target.value) & {"cache_control", "cache"}
                return bool(of_cache) and value_of(node.value) not in {False, None}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return any(key is not None and _is_header(key) and _shares(value) for key, value in pairs)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        sets = node.func.attr in {"set", "add", "setdefault", "add_header"}
        return sets and len(node.args) > 1 and _is_header(node.args[0]) and _shares(node.args[1])
    return False


def _is_header(node: ast.expr) -> bool:
    return (text_of(node) or "").lower() == "cache-control"


def _shares(value: ast.expr) -> bool:
    return any(SHARED.search(text_of(inner) or "") for inner in ast.walk(value))
