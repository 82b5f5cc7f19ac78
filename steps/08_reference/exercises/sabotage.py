"""Sabotage: projects in which one thing is wrong, and what the learner's checks say of them.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, Response, current_app, jsonify

import world

Files = dict[str, str]
"""The files of a small project, by their paths."""


def sentences(check: str, app: Flask, folder: Path) -> list[str]:
    """What the check yields; what it raises, as one sentence in capitals."""
    from app.checklist import CHECKS

    try:
        return [str(sentence) for sentence in CHECKS[check](app, folder)]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the learner's
        return [f"RAISED {type(error).__name__}: {error}"]


def of_files(check: str, projects: list[Files]) -> list[list[str]]:
    """What a check says of each project, of which there are these files and no more."""
    found = []
    for files in projects:
        with TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            found.append(sentences(check, app, Path(folder)))
    return found


def of_apps(check: str, names: list[str]) -> list[list[str]]:
    """What a check says of an app that was spoilt, for each way to spoil one; ``""`` is none."""
    found = []
    for name in names:
        app = world.new_app()
        SABOTAGE.get(name, lambda _: None)(app)
        found.append(sentences(check, app, Path.cwd()))
    return found


def plant(app: Flask, view: Callable[..., Any], rule: str = "/api/v1/planted", **more: Any) -> None:
    app.add_url_rule(rule, "planted", view, **more)


def answer(**_: Any) -> dict[str, str]:
    """Answer."""
    return {}


def fresh() -> Callable[..., Any]:
    """A view that nobody has marked yet."""

    def view(**path: Any) -> dict[str, str]:
        """Answer."""
        return answer(**path)

    return view


def no_guard(app: Flask) -> None:
    plant(app, fresh())


def demand(*scopes: str) -> Callable[[Flask], None]:
    def spoil(app: Flask) -> None:
        from app.auth.guards import requires

        plant(app, requires(*scopes)(fresh()))

    return spoil


def open_view(app: Flask) -> None:
    from app.auth.guards import public

    plant(app, public(fresh()))


def serve(change: Callable[[dict[str, Any]], Any]) -> Callable[[Flask], None]:
    """Have the app serve another document than the one that it makes."""

    def spoil(app: Flask) -> None:
        from app.auth.guards import public
        from app.openapi import document_of

        def show_document() -> Response:
            import copy

            document = copy.deepcopy(document_of(app))
            changed = change(document)
            return jsonify(document if changed is None else changed)

        app.view_functions["document.show_document"] = public(show_document)

    return spoil


def books(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/api/v1/books"]
    return found


def promise(document: dict[str, Any]) -> None:
    """A path that a gateway adds, say, and a word on one of ours: neither is an operation here."""
    operation = {"summary": "Elsewhere", "security": [], "responses": {}}
    document["paths"]["/api/v1/elsewhere"] = {"get": operation}
    books(document)["description"] = "All that there are."


def small(**different: Any) -> Callable[[Flask], None]:
    """Have the app serve a small document, of one operation; the real one takes long to lint."""
    shape = {
        "type": "object",
        "properties": {"title": {"type": "string", "description": "As on the cover."}},
    }
    operation = {
        "operationId": "add_book",
        "summary": "Add a book",
        "security": [],
        "requestBody": {
            "content": {"application/json": {"schema": shape, "example": {"title": "Momo"}}}
        },
        "responses": {"201": {"description": "Created"}, "422": {"description": "Refused"}},
    }
    if "example" in different:
        content: Any = operation["requestBody"]
        content["content"]["application/json"]["example"] = different.pop("example")
    paths = {"/api/v1/books": {"post": operation | different}}
    info = {"title": "A small one", "version": "1"}
    return serve(lambda _: {"openapi": "3.1.0", "info": info, "paths": paths})


def no_server(app: Flask) -> None:
    from app.auth.guards import public

    def show_document() -> tuple[dict[str, str], int]:
        return {}, 404

    app.view_functions["document.show_document"] = public(show_document)


def not_paged(rule: str, unlisted: bool = False) -> Callable[[Flask], None]:
    def spoil(app: Flask) -> None:
        from app.auth.guards import requires
        from app.openapi import contracts

        get, post = requires("books:read")(fresh()), requires("books:write")(fresh())
        if unlisted:
            get, post = (contracts.unlisted("for ourselves")(view) for view in (get, post))
        app.add_url_rule(rule, "planted", get, methods=["GET"])
        app.add_url_rule(rule, "planted_too", post, methods=["POST"])

    return spoil


def unlimited(app: Flask) -> None:
    from app.auth.guards import requires
    from app.limits import unlimited

    plant(app, unlimited(requires("books:read")(fresh())))


def unlimited_outside(app: Flask) -> None:
    from app.auth.guards import public
    from app.limits import unlimited

    plant(app, unlimited(public(fresh())), "/planted")


def limits_off(app: Flask) -> None:
    app.config["RATELIMIT_ENABLED"] = False


def probe(path: str, **marks: bool) -> Callable[[Flask], None]:
    """Have another view behind a probe's rule: ``public`` or not, and ``unlimited`` or not."""

    def spoil(app: Flask) -> None:
        from app.auth.guards import public, requires
        from app.limits import unlimited

        view = fresh()
        view = public(view) if marks["public"] else requires()(view)
        (rule,) = [rule for rule in app.url_map.iter_rules() if rule.rule == path]
        app.view_functions[rule.endpoint] = unlimited(view) if marks["unlimited"] else view

    return spoil


def move_probe(app: Flask) -> None:
    from werkzeug.routing import Map

    rules = [rule.empty() for rule in app.url_map.iter_rules() if rule.rule != "/readiness"]
    app.url_map = Map(rules, converters=app.url_map.converters)


def post_probe(app: Flask) -> None:
    from werkzeug.routing import Rule

    (rule,) = [rule for rule in app.url_map.iter_rules() if rule.rule == "/readiness"]
    move_probe(app)
    app.url_map.add(Rule("/readiness", endpoint=rule.endpoint, methods=["POST"]))


SABOTAGE: dict[str, Callable[[Flask], None]] = {
    "no guard": no_guard,
    "public": open_view,
    "any credentials": demand(),
    "a known scope": demand("books:read"),
    "an unknown scope": demand("books:read", "books:rite"),
    "a path left out": serve(lambda document: document["paths"].pop("/api/v1/users/me") and None),
    "a method left out": serve(lambda document: books(document).pop("post") and None),
    "no document": no_server,
    "a list for a document": serve(lambda document: [document]),
    "a path of another app": serve(promise),
    "no paths in the document": serve(lambda document: document.pop("paths") and None),
    "a good document": small(),
    "a bad example": small(example={"title": 7}),
    "no summary": small(summary=""),
    "two mistakes": small(summary="", example={"title": 7}),
    "open in the document": serve(lambda document: books(document)["get"].update(security=[])),
    "nothing on credentials": serve(
        lambda document: books(document)["post"].pop("security") and None
    ),
    "a collection at once": not_paged("/api/v1/planted"),
    "a collection elsewhere": not_paged("/planted"),
    "a collection that is not listed": not_paged("/api/v1/planted", unlisted=True),
    "a view that never counts": unlimited,
    "a probe that never counts": unlimited_outside,
    "limits off": limits_off,
    "limits that nobody has set": lambda app: app.config.pop("RATELIMIT_ENABLED", None) and None,
    "no probe": move_probe,
    "a probe for POST": post_probe,
    "a probe behind a login": probe("/healthz", public=False, unlimited=True),
    "a probe that counts": probe("/healthz", public=True, unlimited=False),
}
