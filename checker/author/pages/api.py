"""The API of a solved step as a page: its OpenAPI document, in tables.

The document is made by the step's own ``flask openapi`` while the site is built: no copy of it
is kept, so none can be out of date.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checker.author.pages.markup import fence, folded, table
from checker.author.trees import Tree, solved, write_tree
from checker.course import Step

Json = Mapping[str, Any]
PLAIN = {"get": 0, "post": 1, "put": 2, "patch": 3, "delete": 4}
RULES = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "like `{}`",
    "format": "{}",
    "default": "`{}` if not sent",
}


WORDS = {"Api": "API", "Auth": "Signing in and out", "Oauth": "OAuth", "Document": "The document"}
NOT_EMPTY = {("minLength", 1), ("minItems", 1)}


class NoDocument(RuntimeError):
    """The solved step could not make its document."""


def api(step: Step) -> str:
    """Every operation of the solved ``step``: what it takes, gives, demands, and how it fails."""
    document = document_of(solved(step))
    return f"{reference(document)}\n## What goes out {{ #what-goes-out }}\n\n{shapes(document)}"


def document_of(tree: Tree) -> Json:
    """The document that the app in ``tree`` makes of itself. Made once for the same files."""
    return _made(tuple(sorted(tree.items())))


@cache
def _made(files: tuple[tuple[str, Any], ...]) -> Json:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "app"
        write_tree(dict(files), folder)
        done = subprocess.run(
            [sys.executable, "-m", "flask", "openapi", "-o", "document.json"],
            cwd=folder,
            env=os.environ | {"APP_ENV": "testing", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise NoDocument(done.stderr)
        document: Json = json.loads((folder / "document.json").read_text(encoding="utf-8"))
        return document


def reference(document: Json) -> str:
    """``document`` as Markdown: a heading for each tag, and below it one for each operation."""
    by_tag: dict[str, list[str]] = {}
    for path, item in sorted(document["paths"].items()):
        for method in sorted(item, key=PLAIN.__getitem__):
            operation = item[method]
            tag = operation.get("tags", ["others"])[0]
            by_tag.setdefault(tag, []).append(_operation(document, path, method, operation))
    return "\n".join(
        f"## {_heading(tag)} {{ #{tag} }}\n\n" + "\n".join(parts) for tag, parts in by_tag.items()
    )


def _heading(tag: str) -> str:
    return " ".join(WORDS.get(word, word) for word in tag.capitalize().split("_"))


def _operation(document: Json, path: str, method: str, operation: Json) -> str:
    identity = operation["operationId"]
    parts = [
        f"### {operation['summary']} {{ #{identity} }}\n",
        f"`{method.upper()} {path}`{_demands(operation)}\n",
        *([operation["description"] + "\n"] if operation.get("description") else []),
        *_parameters(operation),
        *_body(document, operation),
        _answers(document, operation),
    ]
    return "\n".join(parts)


def _demands(operation: Json) -> str:
    if not operation["security"]:
        return ", open to everybody"
    if {} in operation["security"]:
        return ", for programs with a secret, and for those that can keep none"
    scopes = next(iter(operation["security"][0].values()))
    return ", for " + (" and ".join(f"`{scope}`" for scope in scopes) or "whoever is known")


def _parameters(operation: Json) -> Iterator[str]:
    rows = [
        (f"`{one['name']}`", one["in"], _kind(one["schema"]), one["description"])
        for one in operation["parameters"]
    ]
    if rows:
        yield table(("Parameter", "In", "Type", "What it is"), rows)


def _body(document: Json, operation: Json) -> Iterator[str]:
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Takes `{kind}`:\n"
        yield _fields(_resolved(document, media["schema"]))
        yield folded("An example", fence(_pretty(media["example"]), "json"), kind="note")


def _answers(document: Json, operation: Json) -> str:
    rows = [
        (f"{status} {_resolved(document, response)['description']}", _given(response))
        for status, response in sorted(operation["responses"].items())
    ]
    return table(("Status", "Body"), rows)


def _given(response: Json) -> str:
    if "$ref" in response:
        return f"[{_name(response)}](#{_anchor(_name(response))})"
    media = response.get("content", {}).get("application/json")
    if media is None:
        return "none"
    schema = media["schema"]
    if "$ref" in schema:
        return f"[{_name(schema)}](#{_anchor(_name(schema))})"
    codes = [code for part in schema["allOf"] for code in _codes(part)]
    return ", ".join(f"`{code}`" for code in codes)


def _codes(part: Json) -> list[str]:
    codes: list[str] = part.get("properties", {}).get("code", {}).get("enum", [])
    return codes


def shapes(document: Json) -> str:
    """What goes out: the schemas of good answers, and the errors that many operations share."""
    components = document["components"]
    parts = [
        f"### {name} {{ #{_anchor(name)} }}\n\n{schema['description']}\n\n{_fields(schema)}"
        for name, schema in sorted(components["schemas"].items())
        if not name.endswith("Input")
    ]
    parts += [
        f"### {name} {{ #{_anchor(name)} }}\n\nOne of {_given(response)}.\n"
        for name, response in sorted(components["responses"].items())
    ]
    return "\n".join(parts)


def _fields(schema: Json) -> str:
    required = schema.get("required", [])
    rows = [
        (f"`{name}`", _kind(one), "yes" if name in required else "", one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]
    return table(("Field", "Type", "Required", "What it is"), rows)


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        return f"[{_name(schema)}](#{_anchor(_name(schema))})"
    types = schema.get("type", "anything")
    said = [types if isinstance(types, str) else " or ".join(types)]
    if "items" in schema:
        said[0] += f" of {_kind(schema['items'])}"
    if "enum" in schema:
        said.append("one of " + ", ".join(f"`{_word(choice)}`" for choice in schema["enum"]))
    if any(schema.get(key) == value for key, value in NOT_EMPTY):
        said.append("not empty")
    said += [
        rule.format(_word(schema[key]))
        for key, rule in RULES.items()
        if key in schema and (key, schema[key]) not in NOT_EMPTY
    ]
    return ", ".join(said)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _resolved(document: Json, node: Json) -> Json:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _name(schema: Json) -> str:
    name: str = schema["$ref"].rpartition("/")[2]
    return name


def _anchor(name: str) -> str:
    return f"shape-{name.lower()}"
