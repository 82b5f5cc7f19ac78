"""Rules that are made again for each test's app are quick to make, and no different."""

from collections.abc import Callable, Iterable

import pytest
from flask import Blueprint, Flask, request, url_for
from werkzeug.routing import BaseConverter, IntegerConverter, Map, Rule, UnicodeConverter
from werkzeug.routing.rules import RulePart

from checker.harness.routing import RememberedRule, remembered_rules


def an_app(prefix: str) -> Flask:
    books = Blueprint("books", __name__)

    @books.get("/<int:number>/<path:place>")
    def read(number: int, place: str) -> str:
        return f"{number} {place}"

    @books.get("/", defaults={"page": 1})
    @books.get("/page/<int:page>")
    def pages(page: int) -> str:
        return str(page)

    app = Flask(__name__)
    app.register_blueprint(books, url_prefix=prefix)
    return app


def addresses(app: Flask) -> list[str]:
    with app.test_request_context():
        return [
            url_for("books.read", number=7, place="a b/c", more="x&y"),
            url_for("books.pages", page=1),
            url_for("books.pages", page=2),
            url_for("static", filename="a.css"),
        ]


def test_remembered_rules_build_what_new_ones_do() -> None:
    fresh = {prefix: addresses(an_app(prefix)) for prefix in ("/one", "/two")}
    with remembered_rules():
        for prefix in ("/one", "/two", "/one"):
            app = an_app(prefix)

            assert addresses(app) == fresh[prefix]
            assert app.test_client().get(fresh[prefix][0]).text == "7 a b/c"
            assert app.test_client().get(fresh[prefix][2]).text == "2"


def test_the_same_rule_is_compiled_once_and_only_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    original = Rule._compile_builder

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled.append(rule.rule)
        return original(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", compile_builder)
    monkeypatch.setattr(RememberedRule, "_builders", {})
    with remembered_rules():
        one, other = an_app("/books"), an_app("/books")
    assert "/books/<int:number>/<path:place>" not in compiled

    for app in (one, other):
        addresses(app)
    assert compiled.count("/books/<int:number>/<path:place>") == 1


def test_the_same_rule_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = Rule._parse_rule

    def parse(rule: Rule, text: str) -> Iterable[RulePart]:
        read.append(text)
        return original(rule, text)

    monkeypatch.setattr(Rule, "_parse_rule", parse)
    monkeypatch.setattr(RememberedRule, "_texts", {})
    with remembered_rules():
        apps = [an_app("/books") for _ in range(2)]

    assert read.count("/books/<int:number>/<path:place>") == 1
    for app in apps:
        address, *_ = addresses(app)
        with app.test_request_context(address):
            assert request.view_args == {"number": 7, "place": "a b/c"}
        with app.test_request_context("/books/seven/a"):
            assert request.view_args is None


def test_converters_of_an_app_are_its_own() -> None:
    class Even(IntegerConverter):
        regex = "[0-9]*[02468]"

    class Tagged(UnicodeConverter):
        def __init__(self, rules: Map, tag: str) -> None:
            super().__init__(rules)
            self.regex = f"{tag}[0-9]+"

    def app_with(**converters: type[BaseConverter]) -> Flask:
        app = Flask(__name__)
        app.url_map.converters.update(converters)
        app.add_url_rule("/<int:number>", "number", lambda number: f"{number!r}")
        if "tagged" in converters:
            app.add_url_rule("/of/<tagged('a'):name>", "name", lambda name: name)
        return app

    def status(app: Flask, path: str) -> int:
        return app.test_client().get(path).status_code

    with remembered_rules():
        plain, even, again = app_with(), app_with(int=Even, tagged=Tagged), app_with()

    assert [status(app, "/7") for app in (plain, even, again)] == [200, 404, 200]
    assert [status(app, "/8") for app in (plain, even, again)] == [200, 200, 200]
    assert (status(even, "/of/a7"), status(even, "/of/b7")) == (200, 404)


def test_other_apps_have_rules_of_their_own() -> None:
    with remembered_rules():
        pass

    rule = next(an_app("/books").url_map.iter_rules("books.read"))
    assert not isinstance(rule, RememberedRule)
