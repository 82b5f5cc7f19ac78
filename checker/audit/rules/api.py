"""The API as others see it: its document, its paths, its lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import (
    Function,
    PyFile,
    View,
    has_keyword,
    keyword,
    pairs_of,
    route_of,
    settings_of,
    text_of,
    value_of,
    words_in,
)

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
    for file in project.app_files:
        yield from _asked_for(file)
        yield from _fields(project, file)
        for call in file.all(ast.Call):
            is_open = value_of(keyword(call, "max_per_page")) is None
            if file.qual(call.func).endswith("paginate") and is_open:
                yield file.hit(call, "the pages have no upper limit: max_per_page is None")
        for name, value, place in settings_of(file):
            most = value_of(value)
            if not LARGEST_PAGE.search(name) or file.for_development(place):
                continue
            if isinstance(most, int) and most > REASONABLE:
                yield file.hit(value, f"{name} is {most:,}: that is no limit")


SIZES = {"per_page", "page_size", "limit", "size", "count", "pageSize", "perPage"}
IN_SCHEMAS = {"per_page", "page_size", "pageSize", "perPage"}
OF_AN_ANSWER = {"total", "total_count", "items", "results", "pages", "total_pages", "has_next"}
LARGEST_PAGE = re.compile(r"^MAX_?(PER_?PAGE|PAGE_?SIZE|PAGE_?LIMIT|LIMIT_PER_PAGE)$")
REASONABLE = 10_000
NUMBERS = {"Int", "Integer", "IntegerField", "int"}


def _asked_for(file: PyFile) -> Iterator[Hit]:
    """What comes out of the query string, and limits a query as it comes."""
    for function in file.functions():
        nodes = list(ast.walk(function))
        for call in nodes:
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "limit"
                and call.args
                and _sent(file, call.args[0])
                and not words_in(call.args[0]) & {"min", "clamp"}
            ):
                yield file.hit(call, "how many rows come is taken as it comes")
        for node in nodes:
            for target, value in pairs_of(node):
                asked = _sent(file, value)
                if not isinstance(target, ast.Name) or asked is None:
                    continue
                if words_in(value) & {"min", "clamp"}:
                    continue
                used = any(
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "limit"
                    and any(
                        isinstance(part, ast.Name) and part.id == target.id for part in call.args
                    )
                    for call in nodes
                )
                if used and not any(_checks(file, other, target.id) for other in nodes):
                    yield file.hit(asked, f"{target.id} is taken as it comes")


def _sent(file: PyFile, value: ast.expr) -> ast.expr | None:
    """Where a size is read out of the query string."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and node.args:
            place, key = file.qual(node.func).removesuffix(".get"), text_of(node.args[0])
        elif isinstance(node, ast.Subscript):
            place, key = file.qual(node.value), text_of(node.slice)
        else:
            continue
        if place in {"flask.request.args", "flask.request.values"} and key in SIZES:
            return node
    return None


def _checks(file: PyFile, node: ast.AST, name: str) -> bool:
    """Whether a value is held against an upper limit: ``min(…)``, or a comparison that is one."""
    if isinstance(node, ast.Compare) and name in words_in(node):
        other = node.comparators[0]
        only_from_below = (
            len(node.ops) == 1
            and isinstance(node.ops[0], (ast.Lt, ast.LtE))
            and isinstance(node.left, ast.Name)
            and isinstance(other, ast.Constant)
            and other.value in {0, 1}
        )
        return not only_from_below
    return (
        isinstance(node, ast.Call)
        and file.qual(node.func) in {"min", "range"}
        and name in words_in(node)
    )


def _fields(project: Project, file: PyFile) -> Iterator[Hit]:
    """Fields of schemas that say how many come: of what is asked, not of what is answered."""
    for owner in file.all(ast.ClassDef):
        named = {
            target.id: value
            for node in owner.body
            for target, value in pairs_of(node)
            if isinstance(target, ast.Name)
        }
        if OF_AN_ANSWER & set(named):
            continue
        for name in IN_SCHEMAS & set(named):
            made = named[name]
            checked = any(
                isinstance(node, Function) and name in words_in(node) for node in owner.body
            )
            if not checked and _is_open(file, made) and not _limited_elsewhere(project, name):
                yield file.hit(made, f"{name} has no upper limit")


def _is_open(file: PyFile, made: ast.expr) -> bool:
    """Whether a field surely has no upper limit: one of marshmallow, of pydantic, or one's own."""
    if not isinstance(made, ast.Call):
        return False
    kind = file.qual(made.func).rpartition(".")[2]
    if kind == "Field":  # pydantic's
        return not has_keyword(made, "le", "lt", "multiple_of", "exclude")
    if kind in NUMBERS:
        given = keyword(made, "validate")
        if given is None:
            return not has_keyword(made, "validate", "dump_only", "validators")
        rules = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
        return all(_is_range(file, each) and not _has_end(file, each) for each in rules)
    if has_keyword(made, "validate"):
        return False
    for function in file.all(ast.FunctionDef):
        returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)]
        if function.name == kind and len(returned) == 1 and returned[0] is not None:
            only = returned[0]
            is_itself = isinstance(only, ast.Call) and file.qual(only.func) == kind
            return not is_itself and _is_open(file, only)
    for owner in file.all(ast.ClassDef):
        ranges = [each for each in ast.walk(owner) if _is_range(file, each)]
        if owner.name == kind and ranges:
            return not any(_has_end(file, each) for each in ranges)
    return False


def _is_range(file: PyFile, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and file.qual(node.func).rpartition(".")[2] == "Range"


def _has_end(file: PyFile, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return True
    end = keyword(node, "max") or (node.args[1] if len(node.args) > 1 else None)
    if end is None:
        return any(given.arg is None for given in node.keywords)
    most = value_of(end)
    return not isinstance(most, int) or (most is not True and most <= REASONABLE)


def _limited_elsewhere(project: Project, name: str) -> bool:
    """Whether somewhere in the app the smaller of it and something else is taken."""
    return any(
        name in words_in(call) for file in project.app_files for call in file.calls_of("min")
    )


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
        if "GET" not in view.methods or _is_paged(view):
            continue
        for node in ast.walk(view.function):
            if _is_whole_table(view.file, node):
                yield view.file.hit(node, f"{view.function.name} answers with a whole table")
                break
        else:
            for decorator in view.function.decorator_list:
                if route_of(decorator) is None and _is_many(decorator):
                    message = f"{view.function.name} answers with all there is at once"
                    yield view.file.hit(decorator, message)


PAGED = re.compile(r"pag(e|inat)|limit|offset|cursor|keyset|slice|top_|latest", re.IGNORECASE)


def _is_paged(view: View) -> bool:
    """Whether anything in the view, or above it, speaks of pages."""
    words = {word for word in words_in(view.function) if " " not in word.strip()}
    return any(PAGED.search(word) for word in {*words, *view.decorators, view.function.name})


def _is_whole_table(file: PyFile, node: ast.AST) -> bool:
    """``Book.query.all()``, ``session.query(Book).all()``, ``session.scalars(select(Book)).all()``.

    Nothing is filtered: what belongs to one thing, as its chapters do, may well be few.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args):
        return False
    if node.func.attr != "all":
        return False
    names = [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    if set(names) & {"where", "filter", "filter_by", "limit", "join", "group_by", "fetch"}:
        return False
    if isinstance(node.func.value, ast.Attribute):
        return node.func.value.attr == "query"
    selected = [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and file.qual(call.func).rpartition(".")[2] in {"select", "query"}
        and len(call.args) == 1
        and file.qual(call.args[0]).rpartition(".")[2][:1].isupper()
    ]
    return len(selected) == 1


def _is_many(decorator: ast.expr) -> bool:
    """``@answers(BookSchema(many=True))``: what is answered is a list, by its declaration."""
    return any(
        isinstance(call, ast.Call) and value_of(keyword(call, "many")) is True
        for call in ast.walk(decorator)
        if call is not decorator
    )
