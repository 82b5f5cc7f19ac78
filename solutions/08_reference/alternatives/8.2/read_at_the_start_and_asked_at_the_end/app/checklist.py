"""The checklist: fourteen questions before each release, which the app answers itself.

A check looks at a built ``app`` and at the ``folder`` that it comes from, the one with
``wsgi.py``; ``app/evidence.py`` has eyes for both. It yields one sentence for each thing that is
not as its docstring says, and names it: the module by its path (``app/config.py``), the view by
its endpoint. Where all is well it yields nothing. It changes nothing, and raises nothing.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from app.auth.guards import PUBLIC, RULE, STATIC
from app.auth.scopes import SCOPES
from app.evidence import modules, outside_functions, served_document
from app.limits import UNLIMITED
from app.openapi.contracts import contract_of, unlisted_because
from app.openapi.document import routes_of
from app.openapi.security import security_of

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
PROBES = ("/healthz", "/readiness")
SECRETS = ("secret", "secret_key", "password", "token", "api_key")

Check = Callable[[Flask, Path], Iterator[str]]


def factory(app: Flask, folder: Path) -> Iterator[str]:
    """The factory alone makes apps: no module of ``app/`` calls ``Flask`` when it is imported.

    ``flask.Flask`` is the same. Names the module.
    """
    for path, module in modules(folder):
        for node in outside_functions(module):
            if isinstance(node, ast.Call) and last_name(node.func) == "Flask":
                yield f"{path} makes an app when it is imported: that is for create_app"


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
        for node in ast.walk(module):
            if not isinstance(node, ast.Assign | ast.AnnAssign):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [last_name(target).lower() for target in targets]
            if is_long_text(node.value) and any(name.endswith(SECRETS) for name in names):
                yield f"{path} has a secret in its code: read it from the environment"


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
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint != STATIC and getattr(view, RULE, None) is None:
            yield f"{rule.endpoint}: nobody said who may use it"


def scopes(app: Flask, folder: Path) -> Iterator[str]:
    """Every scope that a view demands is one of ``SCOPES``. Names the endpoint and the scope."""
    for endpoint in app.view_functions:
        rule = getattr(app.view_functions[endpoint], RULE, PUBLIC)
        if rule != PUBLIC:
            for scope in rule:
                if scope not in SCOPES:
                    yield f"{endpoint}: no such scope as {scope}"


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
    for get in app.url_map.iter_rules():
        view = app.view_functions[get.endpoint]
        if "GET" not in (get.methods or ()) or not get.rule.startswith(API):
            continue
        if unlisted_because(get.endpoint, view) is None and not contract_of(view).paged:
            for post in app.url_map.iter_rules():
                if post.rule == get.rule and "POST" in (post.methods or ()):
                    yield f"{get.endpoint}: a list without pages"


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
    views = {
        rule.rule: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    }
    for path in PROBES:
        view = views.get(path)
        if getattr(view, RULE, None) != PUBLIC or not hasattr(view, UNLIMITED):
            yield f"{path} does not answer whoever asks, and as often as they ask"


def image(app: Flask, folder: Path) -> Iterator[str]:
    """The image is small: ``Dockerfile`` has two stages or more, and the last one runs nothing.

    A stage begins with ``FROM``; after the last one there is no ``RUN``: whatever is installed, is
    installed in another. An instruction is the first word of a line, in large letters or small.
    Names ``Dockerfile`` once, also where there is none.
    """
    file = folder / "Dockerfile"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    words = [line.split(maxsplit=1)[0].upper() for line in lines if line.strip()]
    last = words[::-1].index("FROM") if "FROM" in words else 0
    if words.count("FROM") < 2 or "RUN" in words[len(words) - last :]:
        yield "Dockerfile: what is built and what runs are not two stages"


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


def is_long_text(node: ast.AST | None) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and len(value) >= MIN_SECRET
