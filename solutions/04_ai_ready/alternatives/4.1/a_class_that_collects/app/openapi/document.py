"""The document: OpenAPI 3.1 made from the app's own routes, so that it cannot be wrong."""

import inspect
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from apispec import APISpec
from flask import Flask
from werkzeug.routing import Rule

from app.openapi.contracts import unlisted_because
from app.openapi.info import API_VERSION, TITLE, description_of
from app.openapi.operations import add_errors, describe
from app.openapi.security import SCHEMES, security_of
from app.openapi.shapes import Shapes

METHODS = ("get", "post", "put", "patch", "delete")
"""What is listed: HEAD and OPTIONS are answered by Flask, and say nothing of their own."""


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
    return Collector(app).collect()


class Collector:
    """Goes from route to route; lives as long as one document is being made."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.spec = APISpec(
            title=TITLE,
            version=API_VERSION,
            openapi_version="3.1.0",
            info={"description": description_of(app)},
            components={"securitySchemes": dict(SCHEMES)},
        )
        add_errors(self.spec)
        self.shapes = Shapes(self.spec)
        self.ids: list[str] = []

    def collect(self) -> dict[str, Any]:
        found: defaultdict[str, dict[str, Rule]] = defaultdict(dict)
        for rule in self.app.url_map.iter_rules():
            if not unlisted_because(rule.endpoint, self.app.view_functions[rule.endpoint]):
                listed = {method.lower() for method in rule.methods or ()} & set(METHODS)
                found[path_of(rule)].update(dict.fromkeys(listed, rule))
        document: dict[str, Any] = self.spec.to_dict()
        document["paths"] = {
            path: {method: self.operation(rule, method) for method, rule in sorted(item.items())}
            for path, item in sorted(found.items())
            if item
        }
        document["components"] = self.spec.to_dict()["components"]
        return document

    def operation(self, rule: Rule, method: str) -> dict[str, Any]:
        view = self.app.view_functions[rule.endpoint]
        described = describe(rule, view, self.shapes)
        name = self.name(rule.endpoint, method)
        operation = {
            **described,
            "operationId": name,
            "parameters": parameters_of(rule) + described.get("parameters", []),
            "security": security_of(view),
            **summary_of(view, name),
        }
        if "." in rule.endpoint:
            operation["tags"] = [rule.endpoint[: rule.endpoint.rindex(".")]]
        return operation

    def name(self, endpoint: str, method: str) -> str:
        name = endpoint.rsplit(".", maxsplit=1)[-1]
        if name in self.ids:
            name = long = "_".join([method, *endpoint.split(".")])
            number = 1
            while name in self.ids:
                number += 1
                name = f"{long}_{number}"
        self.ids.append(name)
        return name


def summary_of(view: Callable[..., Any], name: str) -> dict[str, str]:
    paragraphs = inspect.cleandoc(view.__doc__ or name).split("\n\n")
    summary = re.sub(r"\s+", " ", paragraphs.pop(0)).strip()
    words = {"summary": summary.removesuffix(".")}
    if paragraphs:
        words["description"] = "\n\n".join(paragraphs).strip()
    return words


def parts_of(rule: Rule) -> list[str]:
    """Text and variables in turn, as Flask writes them: ``["/books/", "int:book_id", ""]``."""
    return re.split(r"[<>]", rule.rule)


def path_of(rule: Rule) -> str:
    parts = parts_of(rule)
    parts[1::2] = [f"{{{part.split(':')[-1]}}}" for part in parts[1::2]]
    return "".join(parts)


def parameters_of(rule: Rule) -> list[dict[str, Any]]:
    parameters = []
    for part in parts_of(rule)[1::2]:
        *before, name = part.split(":")
        converter = before[0].partition("(")[0] if before else "string"
        parameters.append(
            {
                "in": "path",
                "name": name,
                "schema": schema_of(converter),
                "description": f"Stands in the path as {name}.",
                "required": True,
            }
        )
    return parameters


def schema_of(converter: str) -> dict[str, Any]:
    if converter == "uuid":
        return {"type": "string", "format": "uuid"}
    numbers = {"int": "integer", "float": "number"}
    if converter in numbers:
        return {"type": numbers[converter], "minimum": 0}
    return {"type": "string"}
