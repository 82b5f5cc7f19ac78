"""The document: OpenAPI 3.1 made from the app's own routes, so that it cannot be wrong."""

import re
from collections.abc import Callable, Iterator
from inspect import cleandoc
from itertools import chain, count
from typing import Any, NamedTuple

from apispec import APISpec
from flask import Flask
from werkzeug.routing import Rule

from app.openapi.contracts import unlisted_because
from app.openapi.info import API_VERSION, TITLE, description_of
from app.openapi.operations import add_errors, describe
from app.openapi.security import SCHEMES, security_of
from app.openapi.shapes import VERSION, Shapes

METHODS = ("get", "post", "put", "patch", "delete")
"""What is listed: HEAD and OPTIONS are answered by Flask, and say nothing of their own."""

VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
"""One variable of a rule: its converter, if one is named, and its name."""

SHAPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}


class Route(NamedTuple):
    rule: Rule
    path: str
    method: str
    view: Callable[..., Any]


def make_document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of ``app``, version 3.1.0, as a dict that JSON can hold.

    ``paths`` holds every route of ``app.url_map`` with every method of it that ``METHODS``
    names, and nothing else: also a route that nobody thought of here. Left out is what
    ``unlisted_because`` gives a reason for. Each operation has

    ``operationId``
        Unique in the document: the last part of the endpoint, ``list_books`` of
        ``books.list_books``. Where an operation before it in the document has that already,
        the method, ``_``, and the endpoint with ``_`` for its dots; where one before it has
        that as well, the same with ``_2`` after it, or ``_3``, and so on.
    ``summary``, ``description``
        The first paragraph of the view's docstring, on one line, without its full stop, and
        the rest, if there is any. Without a docstring, the summary is the ``operationId``.
    ``tags``
        The blueprint's name, in a list: what stands before the endpoint's last dot. No tags
        without a blueprint.
    ``parameters``
        A list, empty without any. First those of the path, each with name, ``in``,
        ``required``, a description and a schema: ``integer`` for Flask's converter ``int``,
        ``number`` for ``float``, both with a ``minimum`` of 0, ``string`` with the format
        ``uuid`` for ``uuid``, ``string`` for every other. What a converter is given in brackets
        is not told. Then those that ``describe`` gives.
    ``security``
        What ``security_of`` the view gives.
    all the rest
        What ``describe`` gives: ``requestBody``, ``responses``.

    A path has the names of its variables in braces: ``/books/{book_id}``. Paths and methods are
    sorted. ``info`` has ``TITLE``, ``API_VERSION`` and ``description_of(app)``; the components
    are what ``add_errors`` and the shapes put there, and ``SCHEMES`` as ``securitySchemes``.
    Twice the same app, twice the same document; another app, another document.
    """
    info = {"description": description_of(app)}
    spec = APISpec(TITLE, API_VERSION, VERSION, info=info)
    for name, scheme in SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    add_errors(spec)
    shapes = Shapes(spec)
    taken: set[str] = set()
    for route in sorted(routes_of(app), key=lambda route: (route.path, route.method)):
        operation = {
            "operationId": new_id(route, taken),
            **words_of(route.view),
            **describe(route.rule, route.view, shapes),
            "security": security_of(route.view),
        }
        operation.setdefault("summary", operation["operationId"])
        operation["parameters"] = [*variables_of(route.rule), *operation.get("parameters", [])]
        blueprint = route.rule.endpoint.rpartition(".")[0]
        if blueprint:
            operation["tags"] = [blueprint]
        spec.path(route.path, operations={route.method: operation})
    return spec.to_dict()


def routes_of(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if unlisted_because(rule.endpoint, view) is None:
            path = VARIABLE.sub(r"{\2}", rule.rule)
            for method in rule.methods or set():
                if method.lower() in METHODS:
                    yield Route(rule, path, method.lower(), view)


def new_id(route: Route, taken: set[str]) -> str:
    endpoint: str = route.rule.endpoint
    long = f"{route.method}_{endpoint.replace('.', '_')}"
    numbered = (f"{long}_{number}" for number in count(2))
    name = next(
        one for one in chain([endpoint.rpartition(".")[2], long], numbered) if one not in taken
    )
    taken.add(name)
    return name


def words_of(view: Callable[..., Any]) -> dict[str, str]:
    first, _, rest = cleandoc(view.__doc__ or "").partition("\n\n")
    words = {"summary": " ".join(first.split()).removesuffix("."), "description": rest.strip()}
    return {name: text for name, text in words.items() if text}


def variables_of(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"The {name.replace('_', ' ')} in the address.",
            "schema": dict(SHAPES.get(converter, {"type": "string"})),
        }
        for converter, name in VARIABLE.findall(rule.rule)
    ]
