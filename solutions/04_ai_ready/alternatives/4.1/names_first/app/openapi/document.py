"""The document: OpenAPI 3.1 made from the app's own routes, so that it cannot be wrong."""

import re
import textwrap
from typing import Any, TypeAlias

from apispec import APISpec
from flask import Flask
from werkzeug.routing import Rule

from app.openapi import contracts, info, operations, security, shapes

METHODS = ("get", "post", "put", "patch", "delete")
"""What is listed: HEAD and OPTIONS are answered by Flask, and say nothing of their own."""

Key: TypeAlias = tuple[str, str]
"""A path of the document, and a method."""

TYPES = {"int": "integer", "float": "number"}


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
    spec = APISpec(
        info.TITLE, info.API_VERSION, "3.1.0", info={"description": info.description_of(app)}
    )
    operations.add_errors(spec)
    for scheme in security.SCHEMES:
        spec.components.security_scheme(scheme, security.SCHEMES[scheme])
    known = shapes.Shapes(spec)
    rules = listed(app)
    names = named(rules)
    for path in sorted({path for path, _ in rules}):
        of_this = sorted(method for place, method in rules if place == path)
        spec.path(
            path,
            operations={
                method: operation(app, rules[path, method], names[path, method], known)
                for method in of_this
            },
        )
    return spec.to_dict()


def listed(app: Flask) -> dict[Key, Rule]:
    return {
        (re.sub(r"<([^<>]+:)?(?P<name>\w+)>", r"{\g<name>}", rule.rule), method): rule
        for rule in app.url_map.iter_rules()
        if contracts.unlisted_because(rule.endpoint, app.view_functions[rule.endpoint]) is None
        for method in METHODS
        if method.upper() in (rule.methods or ())
    }


def named(rules: dict[Key, Rule]) -> dict[Key, str]:
    """The id of each operation, given out in the order of the document."""
    owners: dict[str, Key] = {}
    for key in sorted(rules):
        endpoint = str(rules[key].endpoint)
        long = f"{key[1]}_" + endpoint.replace(".", "_")
        more = [f"{long}_{number}" for number in range(2, len(rules) + 2)]
        free = [name for name in (endpoint.split(".").pop(), long, *more) if name not in owners]
        owners[free[0]] = key
    return {key: name for name, key in owners.items()}


def operation(app: Flask, rule: Rule, name: str, known: shapes.Shapes) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    made = {"summary": name, **operations.describe(rule, view, known)}
    made |= {"operationId": name, "security": security.security_of(view)}
    if view.__doc__ and view.__doc__.strip():
        made |= words(view.__doc__)
    blueprint, dot, _ = rule.endpoint.rpartition(".")
    if dot:
        made["tags"] = [blueprint]
    in_path = [parameter(each) for each in re.findall(r"<([^<>]+)>", rule.rule)]
    return made | {"parameters": in_path + made.get("parameters", [])}


def words(doc: str) -> dict[str, str]:
    """Cut at the first empty line; the first line of a docstring has no indent of its own."""
    first, *rest = doc.strip().splitlines()
    lines = [first, *textwrap.dedent("\n".join(rest)).splitlines()]
    empty = lines.index("") if "" in lines else len(lines)
    said = {"summary": " ".join(line.strip() for line in lines[:empty]).removesuffix(".")}
    description = "\n".join(lines[empty:]).strip()
    return said | ({"description": description} if description else {})


def parameter(variable: str) -> dict[str, Any]:
    """``variable`` as Flask writes it: ``int(min=1):year``, or a mere name."""
    before, _, name = variable.rpartition(":")
    converter = re.split(r"\W", before)[0]
    schema: dict[str, Any] = {"type": TYPES.get(converter, "string")}
    if converter in TYPES:
        schema["minimum"] = 0
    if converter == "uuid":
        schema["format"] = "uuid"
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"Which {name}.",
        "schema": schema,
    }
