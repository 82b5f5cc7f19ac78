"""The API as others see it: its document, its paths, its lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import text_of, words_in

VERB = re.compile(
    r"/(get|create|update|delete|remove|add|list|fetch|edit)([_-][a-z]+|[A-Z][A-Za-z]+)(?=/|$)"
)


@rule(
    "BSS401",
    "no-openapi",
    "warning",
    "4.1a 8.2b",
    what="An API serves its OpenAPI document.",
    why="Without it every client, person or agent, guesses paths, fields and errors.",
    repair="Generate the document from routes and schemas, and serve it at /openapi.json.",
    example="""
@docs.get("/openapi.json")
def openapi() -> dict[str, object]:
    return document(current_app)
""",
)
def no_openapi(project: Project) -> Iterator[Hit]:
    if not (project.is_app and project.is_api) or len(project.views) < 2:
        return
    makers = {"apiflask", "apispec", "connexion", "flasgger", "flask_openapi3", "flask_restx",
              "flask_smorest", "spectree"}  # fmt: skip
    if not project.imported & makers and not project.mentions(r"(?i)openapi|swagger"):
        yield Hit(*project.place, "the API has no OpenAPI document")


@rule(
    "BSS402",
    "verb-in-path",
    "note",
    "5.5a",
    what="Paths name things; the method says what is done.",
    why="/get_users beside /create_user are two places for one thing: caches, limits and rights "
    "have nothing to hold on to.",
    repair="Use the noun, and GET, POST, PUT, PATCH, DELETE.",
    example="""
@users.delete("/<int:user_id>")
def remove(user_id: int) -> tuple[str, int]: ...
""",
)
def verb_in_path(project: Project) -> Iterator[Hit]:
    if not project.is_api:
        return
    for view in project.views:
        for path in view.paths:
            if VERB.search(path):
                yield view.file.hit(view.function, f"the path {path} holds a verb")


@rule(
    "BSS403",
    "change-on-get",
    "warning",
    "5.5c",
    what="A GET changes nothing.",
    why="Browsers, caches and crawlers repeat it and fetch it ahead; no CSRF protection covers it.",
    repair="Use POST, PUT, PATCH or DELETE for what changes something.",
    example="""
@books.delete("/<int:book_id>")
def remove(book_id: int) -> tuple[str, int]: ...
""",
)
def change_on_get(project: Project) -> Iterator[Hit]:
    for view in project.views:
        if view.methods != {"GET"}:
            continue
        for node in ast.walk(view.function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"delete", "add", "add_all"}
                and re.search(r"(^|\.)db\.session$", view.file.qual(node.func.value))
            ):
                yield view.file.hit(node, f"{view.function.name} changes data on a GET")
                break


@rule(
    "BSS404",
    "page-without-cap",
    "warning",
    "1.6a 8.2d",
    what="How much a page may hold has an upper limit.",
    why="?per_page=1000000 is one request that loads the whole table.",
    repair="Validate it against a range; 100 is usual.",
    example="per_page = fields.Integer(load_default=20, validate=Range(min=1, max=100))\n",
)
def page_without_cap(project: Project) -> Iterator[Hit]:
    sizes = {"per_page", "page_size", "limit", "size", "count", "pageSize", "perPage"}
    for file in project.app_files:
        for function in file.functions():
            nodes = list(ast.walk(function))
            for node in nodes:
                if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
                    continue
                value = node.value
                asked = [
                    call
                    for call in ast.walk(value)
                    if isinstance(call, ast.Call)
                    and file.qual(call.func) == "flask.request.args.get"
                    and call.args
                    and text_of(call.args[0]) in sizes
                ]
                name = node.targets[0].id
                if not asked or words_in(value) & {"min", "clamp"}:
                    continue
                used = any(
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "limit"
                    and any(isinstance(part, ast.Name) and part.id == name for part in call.args)
                    for call in nodes
                )
                checked = any(
                    (isinstance(other, ast.Compare) and name in words_in(other))
                    or (
                        isinstance(other, ast.Call)
                        and file.qual(other.func) in {"min", "range"}
                        and name in words_in(other)
                    )
                    for other in nodes
                )
                if used and not checked:
                    yield file.hit(asked[0], f"{name} is taken as it comes")


@rule(
    "BSS405",
    "list-without-pages",
    "note",
    "1.6a 1.6b 8.2d",
    what="A list is answered in pages.",
    why="A table that fits into one answer today does not next year.",
    repair="Take page and per_page, and answer items, page, per_page, total.",
    example="""
return {"items": schema.dump(rows, many=True), "page": page, "per_page": per_page, "total": total}
""",
)
def list_without_pages(project: Project) -> Iterator[Hit]:
    if not project.is_api:
        return
    for view in project.views:
        if "GET" not in view.methods:
            continue
        for node in ast.walk(view.function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "all"
                and not node.args
                and isinstance(node.func.value, ast.Attribute)
                and node.func.value.attr == "query"
            ):
                yield view.file.hit(node, f"{view.function.name} answers with a whole table")
                break
