"""Exercise 1.3: one extension object serves many apps, each blueprint has its place."""

import random
import secrets

import pytest

PREFIXES = {
    "books": "/api/v1/books",
    "authors": "/api/v1/authors",
    "users": "/api/v1/users",
    "admin": "/api/v1/admin",
}


def rules_of_a_new_app() -> list[list[str]]:
    from flask import Flask

    from app.blueprints import register_blueprints

    app = Flask("app")
    register_blueprints(app)
    return [[rule.endpoint, rule.rule] for rule in app.url_map.iter_rules()]


def extensions_of_a_new_app() -> list[str]:
    from flask import Flask

    from app.extensions import init_extensions

    app = Flask("app")
    init_extensions(app)
    return sorted(app.extensions)


def bound_marshmallow() -> str:
    """What the app knows as its marshmallow: ``ma``, if it is the one of app/extensions.py."""
    from flask import current_app

    from app import extensions

    bound = current_app.extensions.get("flask-marshmallow")
    return "none" if bound is None else "ma" if bound is extensions.ma else "another one"


def write_in_one_of_two(writer: int, words: list[str]) -> dict[str, list[str]]:
    """Writes in one app; what the other one holds of it."""
    import world

    apps = [world.new_app(), world.new_app()]
    with apps[writer].app_context():
        for word in words:
            world.add_author(word)
            world.add_book(word, word)
            world.add_user(f"{word}@example.org", word)
    with apps[1 - writer].app_context():
        names = {"authors": "name", "books": "title", "users": "name"}
        return {
            table: [row[name] for row in world.rows(table) if row.get(name) in words]
            for table, name in names.items()
        }


def write_by_turns(words: list[str]) -> list[list[str]]:
    """Even words in one app, odd ones in the other, with both contexts open at once."""
    import world

    one, other = world.new_app(), world.new_app()
    with one.app_context():
        for word in words[::2]:
            world.add_author(word)
            with other.app_context():
                world.add_author(words[words.index(word) + 1])
        first = [row["name"] for row in world.rows("authors") if row.get("name") in words]
    with other.app_context():
        return [first, [row["name"] for row in world.rows("authors") if row.get("name") in words]]


def next_ids(count: int) -> list[int]:
    """The id that each of three apps gives next, after ``count`` authors in the first."""
    import world

    apps = [world.new_app() for _ in range(3)]
    with apps[0].app_context():
        for _ in range(count):
            world.add_author("somebody")
    found = []
    for app in apps:
        with app.app_context():
            found.append(world.add_author("the next"))
    return found


def authors_of_a_new_app() -> list[str]:
    import world

    with world.new_app().app_context():
        return [row.get("name", "") for row in world.rows("authors")]


def reach_outside(table: str) -> list[str]:
    """What happens to ``store.<table>`` where no app is at work."""
    import contextvars

    from app.extensions import store

    try:
        contextvars.Context().run(getattr, store, table)
    except Exception as error:  # noqa: BLE001 - whatever a learner raises
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


def extension_objects() -> dict[str, object]:
    """Which modules of the app hold a Store or a Marshmallow, and how many there are."""
    import sys

    from flask_marshmallow import Marshmallow

    from app import extensions
    from app.store import Store

    kinds = {"store": Store, "ma": Marshmallow}
    found = {}
    for name, kind in kinds.items():
        there = {
            id(value): module
            for module in sorted(key for key in sys.modules if key.split(".")[0] == "app")
            for value in vars(sys.modules[module]).values()
            if type(value) is kind
        }
        found[name] = [isinstance(getattr(extensions, name, None), kind), len(there)]
    return found


def test_every_rule_lies_under_its_prefix(inside):
    found = dict(inside(rules_of_a_new_app))

    for endpoint, rule in sorted(found.items()):
        prefix = PREFIXES.get(endpoint.partition(".")[0])
        if prefix is not None:
            assert rule == prefix or rule.startswith(f"{prefix}/"), (
                f"{endpoint} answers at {rule}: its place is under {prefix}"
            )
    outside = sorted(rule for rule in found.values() if not rule.startswith("/api/v1/"))
    assert outside == ["/static/<path:filename>"], "routes outside /api/v1 that nobody asked for"


@pytest.mark.about("app/blueprints/__init__.py", "register_blueprint(")
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("books", "/api/v1/books"),
        ("authors", "/api/v1/authors"),
        ("users", "/api/v1/users"),
        ("admin", "/api/v1/admin/stats"),
    ],
    ids=["books", "authors", "users", "admin"],
)
def test_every_domain_answers_at_its_prefix(client, name, path):
    status = client.get(path).status_code

    assert status != 404, f"GET {path} finds nothing: the blueprint {name} lives somewhere else"


@pytest.mark.about("app/blueprints/__init__.py", "register_blueprint(")
@pytest.mark.parametrize(
    "path",
    ["/users", "/admin/stats", "/api/v1/stats", "/books", "/api/v1"],
    ids=["users", "admin", "stats", "books", "root"],
)
def test_nothing_answers_elsewhere(client, path):
    status = client.get(path).status_code

    assert status == 404, f"GET {path} answered {status}: one address for each thing is enough"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/authors", {"name": "Ursula K. Le Guin"}),
        ("/api/v1/users", {"email": "ursula@example.org", "name": "Ursula"}),
    ],
    ids=["author", "user"],
)
def test_the_address_of_something_new_leads_to_it(client, path, body):
    answer = client.post(path, json=body)
    assert answer.status_code == 201, f"POST {path} answered {answer.status_code}, not 201"

    place = answer.headers.get("Location", "")
    assert place.startswith(f"{path}/"), f"POST {path} names {place!r} as the new thing's address"
    got = client.get(place).status_code
    assert got == 200, (
        f"POST {path} gave the Location {place}, and GET there answered {got}: what was stored is"
        " lost, or the route lies elsewhere"
    )


@pytest.mark.parametrize("key", ["store", "flask-marshmallow"])
def test_every_extension_is_bound_to_the_app(inside, key):
    found = inside(extensions_of_a_new_app)

    assert key in found, f"app.extensions has {found}, but no {key!r}: its init_app(app) never ran"


def test_the_object_that_is_bound_is_the_one_others_import(inside):
    bound = inside(bound_marshmallow)

    assert bound == "ma", (
        f"the app knows {bound} as its marshmallow, not the ma of app/extensions.py, which is the"
        " one that other modules import"
    )


@pytest.mark.parametrize("writer", [0, 1], ids=["the_first_app_writes", "the_second_app_writes"])
def test_what_one_app_stores_is_absent_from_another(inside, writer):
    words = [secrets.token_hex(4) for _ in range(random.randrange(2, 5))]
    seen = inside(write_in_one_of_two, writer, words)

    for table, rows in seen.items():
        assert rows == [], (
            f"one app stored {len(words)} {table}, and {len(rows)} of them turned up in the other:"
            " each app needs tables of its own"
        )


def test_two_apps_write_by_turns(inside):
    words = [secrets.token_hex(4) for _ in range(6)]
    one, other = inside(write_by_turns, words)

    assert one == words[::2], "with two apps at work at once, the first app's rows are mixed up"
    assert other == words[1::2], "with two apps at work at once, the second's rows are mixed up"


def test_ids_are_counted_for_each_app(inside):
    count = random.randrange(2, 9)
    written, other, another = inside(next_ids, count)

    assert written == other + count, (
        f"after {count} rows in a new app its next id is {written}: each app counts its own ids"
    )
    assert other == another, (
        f"two new apps give the ids {other} and {another} next: one app's rows move the other's ids"
    )


def test_what_a_request_stored_is_absent_from_a_new_app(client, inside):
    name = secrets.token_hex(6)
    status = client.post("/api/v1/authors", json={"name": name}).status_code
    assert status == 201, f"POST /api/v1/authors answered {status}, not 201"

    assert name not in inside(authors_of_a_new_app), (
        "an author that a request added to one app was there in an app made afterwards: a test"
        " that writes would spoil the next one"
    )


@pytest.mark.about("app/store.py", "def tables(")
@pytest.mark.parametrize("table", ["authors", "books", "users"])
def test_no_tables_without_an_app(inside, table):
    kind, said = inside(reach_outside, table)

    assert kind == "RuntimeError", (
        f"store.{table} outside an application context raised {kind}: with no app at work there"
        " are no tables to give"
    )
    assert "application context" in said, (
        f"Flask's own RuntimeError explains itself; yours: {said!r}"
    )


def test_there_is_one_object_of_each_extension(inside):
    found = inside(extension_objects)

    assert found == {"store": [True, 1], "ma": [True, 1]}, (
        "app/extensions.py makes one `store` and one `ma`, and every other module imports them"
    )
