"""The checklist: fourteen questions before each release, which the app answers itself.

A check looks at a built ``app`` and at the ``folder`` that it comes from, the one with
``wsgi.py``; ``app/evidence.py`` has eyes for both. It yields one sentence for each thing that is
not as its docstring says, and names it: the module by its path (``app/config.py``), the view by
its endpoint. Where all is well it yields nothing. It changes nothing, and raises nothing.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from app.auth.guards import PUBLIC, RULE, STATIC
from app.auth.scopes import SCOPES
from app.evidence import modules, outside_functions, served_document
from app.limits import UNLIMITED
from app.openapi.contracts import contract_of
from app.openapi.document import routes_of
from app.openapi.security import demands_of, security_of

API = "/api/v1/"
LAYERS = ("schemas", "services")
MAY_HINT = (
    "blueprints/health.py",
    "caching.py",
    "checklist.py",
    "hooks.py",
    "openapi/contracts.py",
    "pages.py",
)
MIN_SECRET = 8
SECRETS = ("secret", "secret_key", "password", "token", "api_key")

Check = Callable[[Flask, Path], Iterator[str]]


def factory(app: Flask, folder: Path) -> Iterator[str]:
    """The factory alone makes apps: no module of ``app/`` calls ``Flask`` when it is imported.

    ``flask.Flask`` is the same. Names the module.
    """
    for path, module in modules(folder):
        calls = [node for node in outside_functions(module) if isinstance(node, ast.Call)]
        for call in calls:
            if ast.unparse(call.func).rpartition(".")[2] == "Flask":
                yield f"{path}: an app that nobody asked for"


def extensions(app: Flask, folder: Path) -> Iterator[str]:
    """Extensions are made in ``app/extensions.py``, and nowhere else in ``app/``.

    Nowhere else is a name called on import that came from a package whose name begins with
    ``flask_``, by ``from … import``. Names the module.
    """
    for path, module in modules(folder):
        if path == "app/extensions.py":
            continue
        imported = {
            alias.asname or alias.name
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask_")
            for alias in node.names
        }
        for node in outside_functions(module):
            if isinstance(node, ast.Call) and root_name(node.func) in imported:
                yield f"{path} makes an extension of its own: put it into app/extensions.py"


def secrets(app: Flask, folder: Path) -> Iterator[str]:
    """No secret stands in ``app/``: none is a text of 8 characters or more in the code.

    A secret is a variable or an attribute, in a function or not, whose name ends in ``secret``,
    ``secret_key``, ``password``, ``token`` or ``api_key``, in large letters or small. Names the
    module.
    """
    for path, module in modules(folder):
        visitor = Assignments()
        visitor.visit(module)
        for name in visitor.names:
            if name.lower().endswith(SECRETS):
                yield f"{path}: {name} is written out"


def hints(app: Flask, folder: Path) -> Iterator[str]:
    """Caching is decided in one place: few modules of ``app/`` write ``"Cache-Control"``.

    ``caching.py``, ``hooks.py``, ``pages.py``, ``blueprints/health.py``, ``openapi/contracts.py``
    and this one may. What counts is a text that is that and nothing else. Names the module.
    """
    for path, module in modules(folder):
        if path.removeprefix("app/") in MAY_HINT:
            continue
        texts = (node.value for node in ast.walk(module) if isinstance(node, ast.Constant))
        if "Cache-Control" in texts:
            yield f"{path} decides on caching by itself: cached() does, for all alike"


def tests(app: Flask, folder: Path) -> Iterator[str]:
    """The app's own tests, below ``tests/``, look at each layer.

    Schemas: one of its modules imports something from ``app.schemas``, or below. Services:
    likewise, ``app.services``. Routes: a function ``test_…``, in a class or not, has an argument
    ``client``. Names what nobody tests: ``schemas``, ``services``, ``routes``.
    """
    seen: set[str] = set()
    for _, module in modules(folder, "tests"):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [f"{getattr(node, 'module', '')}.{alias.name}." for alias in node.names]
                seen |= {each for each in LAYERS for name in names if f"app.{each}." in name}
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and "client" in [argument.arg for argument in node.args.args]
            ):
                seen.add("routes")
    for layer in (*LAYERS, "routes"):
        if layer not in seen:
            yield f"{layer}: no test looks at them"


def document(app: Flask, folder: Path) -> Iterator[str]:
    """The document is served, and lists every view that ``unlisted_because`` has no reason for.

    With each of its methods that ``METHODS`` of ``app/openapi/document.py`` names. A view is
    found by the rule of its route, whose variables stand in braces there. Names the endpoint; where
    nothing is served, ``/openapi.json``.
    """
    served = served_document(app)
    if served is None:
        yield "GET /openapi.json does not answer with a document"
        return
    for route in routes_of(app):
        if route.method not in served.get("paths", {}).get(route.path, {}):
            yield f"{route.rule.endpoint} is not in the document: {route.method} {route.path}"


def examples(app: Flask, folder: Path) -> Iterator[str]:
    """The served document is good, and its examples are true: ``lint`` finds nothing in it.

    Names what ``lint`` names: ``where``. A document that is not served is not judged here.
    """
    from app.openapi.lint import lint  # jsonschema: for this check only

    served = served_document(app)
    for finding in lint(served) if served is not None else []:
        yield f"{finding.where}: {finding.message}"


def guards(app: Flask, folder: Path) -> Iterator[str]:
    """Every view says who may use it (``RULE`` of ``app/auth/guards.py``), but Flask's ``static``.

    Names the endpoint.
    """
    for endpoint, view in app.view_functions.items():
        if endpoint != STATIC and not hasattr(view, RULE):
            yield f"{endpoint} does not say who may use it"


def scopes(app: Flask, folder: Path) -> Iterator[str]:
    """Every scope that a view demands is one of ``SCOPES``. Names the endpoint and the scope."""
    for endpoint, view in app.view_functions.items():
        for scope in sorted((demands_of(view) or frozenset()) - set(SCOPES)):
            yield f"{endpoint} demands {scope}, which nobody can have"


def security(app: Flask, folder: Path) -> Iterator[str]:
    """What the served document says of credentials is what the view demands: ``security_of``.

    For every operation that it lists and that the app has. Names the endpoint. A document that is
    not served is not judged here.
    """
    paths = (served_document(app) or {}).get("paths", {})
    for route in routes_of(app):
        operation = paths.get(route.path, {}).get(route.method)
        if operation is not None and operation.get("security") != security_of(route.view):
            yield f"{route.rule.endpoint} demands something else than the document says"


def pages(app: Flask, folder: Path) -> Iterator[str]:
    """Every collection comes in pages: its contract is ``paged``.

    A collection is what a GET reads below ``/api/v1/``, if one can POST to the same rule, and the
    document lists it. Names the endpoint.
    """
    routes = list(routes_of(app))
    targets = {route.path for route in routes if route.method == "post"}
    for route in routes:
        is_collection = route.method == "get" and route.path in targets
        if is_collection and route.path.startswith(API) and not contract_of(route.view).paged:
            yield f"{route.rule.endpoint} gives all there is at once: use pages()"


def limits(app: Flask, folder: Path) -> Iterator[str]:
    """Limits are on, and everything below ``/api/v1/`` counts: no view of it is ``UNLIMITED``.

    On means that ``RATELIMIT_ENABLED`` of the config is not false, which it is not where nobody
    has set it. Names the setting, or the endpoint.
    """
    if not app.config.get("RATELIMIT_ENABLED", True):
        yield "RATELIMIT_ENABLED is off"
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) and hasattr(app.view_functions[rule.endpoint], UNLIMITED):
            yield f"{rule.endpoint} counts for nobody"


def health(app: Flask, folder: Path) -> Iterator[str]:
    """Whoever runs the app can ask how it is: a GET of ``/healthz``, and one of ``/readiness``.

    Each has a view that is ``PUBLIC`` and ``UNLIMITED``: a probe has no credentials, and asks all
    day. Names the path of what is not so.
    """
    with app.test_request_context():
        router = app.url_map.bind("localhost")
        for path in ("/healthz", "/readiness"):
            found = router.test(path, "GET")
            view = app.view_functions[router.match(path, "GET")[0]] if found else None
            if not (getattr(view, RULE, "") == PUBLIC and getattr(view, UNLIMITED, False)):
                yield f"nobody can ask {path}"


def image(app: Flask, folder: Path) -> Iterator[str]:
    """The image is small: ``Dockerfile`` has two stages or more, and the last one runs nothing.

    A stage begins with ``FROM``; after the last one there is no ``RUN``: whatever is installed, is
    installed in another. An instruction is the first word of a line, in large letters or small.
    Names ``Dockerfile`` once, also where there is none.
    """
    try:
        text = (folder / "Dockerfile").read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    stages = re.split(r"(?im)^\s*FROM\s", text)
    if len(stages) < 3 or re.search(r"(?im)^\s*RUN\s", stages[-1]):
        yield "Dockerfile has one stage for all"


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        factory,
        extensions,
        secrets,
        hints,
        tests,
        document,
        examples,
        guards,
        scopes,
        security,
        pages,
        limits,
        health,
        image,
    )
}


def last_name(node: ast.AST) -> str:
    """``Flask`` of ``Flask`` and of ``flask.Flask``; empty for what has no name."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def root_name(node: ast.AST) -> str:
    """``Cache`` of ``Cache`` and of ``Cache.for_app``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


class Assignments(ast.NodeVisitor):
    """Collects what a text of some length is given to."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_Assign(self, node: ast.Assign) -> None:
        found = [last_name(target) for target in node.targets]
        matches = [name for name in found if name.lower().endswith(SECRETS)]
        self.note(matches[:1], node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.note([last_name(node.target)], node.value)

    def note(self, names: list[str], value: ast.expr | None) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.names += names if len(value.value) >= MIN_SECRET else []
