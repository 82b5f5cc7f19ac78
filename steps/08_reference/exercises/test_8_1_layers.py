"""Exercise 8.1: contracts that hold the layers in place."""

import random
from itertools import pairwise

LAYERS = ["app.blueprints", "app.schemas", "app.services", "app.models"]
BLUEPRINTS = ["admin", "api_keys", "auth", "desk", "loans", "oauth", "session", "users"]
SCHEMAS = ["author", "book", "copy", "loan", "user"]
SERVICES = ["authors", "books", "copies", "history", "loans", "renewals", "reports", "users"]
MODELS = ["author", "book", "copy", "loan", "user"]
NEW = "fines"


def broken_by(plants: dict[str, list[list[str]]]) -> dict[str, object]:
    from layering import broken

    return broken(plants)


def one(layer):
    """A module of the layer: one that is there, whichever."""
    names = dict(zip(LAYERS, (BLUEPRINTS, SCHEMAS, SERVICES, MODELS), strict=True))
    return f"{layer}.{random.choice(names[layer])}"


def refused(inside, plants) -> None:
    """Each of ``plants`` must break a contract."""
    found = inside(broken_by, plants)
    assert found["error"] == "", "import-linter cannot work with .importlinter"
    for plant in plants:
        assert found[plant] != [], f"no contract is broken by this import: {plant}"


def as_plant(*chain):
    """One import, or several that lead from one module to the next."""
    pairs = [list(pair) for pair in pairwise(chain)]
    return {" -> ".join(chain): pairs}


def test_the_app_as_it_is_breaks_none(inside):
    found = inside(broken_by, {"nothing": []})
    assert found["error"] == "", "import-linter cannot work with .importlinter"
    assert found["nothing"] == [], (
        "the app as it is keeps to the rules, and these contracts say that it does not: one of them"
        " is too wide, or lacks an exception"
    )


def test_no_layer_knows_one_above_it(inside):
    plants = {}
    for place, lower in enumerate(LAYERS):
        for upper in LAYERS[:place]:
            plants |= as_plant(one(lower), one(upper))
    plants |= as_plant("app.database", one("app.models"))
    # Of a module that nobody imports yet: it is found by no other way.
    plants |= as_plant(f"app.schemas.{NEW}", one("app.blueprints"))
    plants |= as_plant(f"app.services.{NEW}", one("app.schemas"))
    refused(inside, plants)


def test_nor_by_way_of_another(inside):
    plants = as_plant(one("app.services"), "app.helpers", one("app.blueprints"))
    plants |= as_plant("app.services.stats", "app.paging", "app.schemas.paging")
    plants |= as_plant(one("app.schemas"), "app.helpers", "app.more", one("app.blueprints"))
    refused(inside, plants)


def test_services_know_nothing_of_http(inside):
    plants = {}
    for web in ("flask", "werkzeug"):
        plants |= as_plant(one("app.services"), web)
    plants |= as_plant(f"app.services.{NEW}", "werkzeug")
    plants |= as_plant("app.services", "flask")
    refused(inside, plants)


def test_a_model_knows_the_tables_and_nothing_else(inside):
    plants = as_plant(one("app.models"), "flask")
    for module in ("extensions", "config", "errors", "auth.scopes", "helpers"):
        plants |= as_plant(one("app.models"), f"app.{module}")
    plants |= as_plant(f"app.models.{NEW}", "app.extensions")
    refused(inside, plants)


def test_no_blueprint_knows_another(inside):
    first, second = random.sample(BLUEPRINTS, k=2)
    plants = as_plant(f"app.blueprints.{first}", f"app.blueprints.{second}")
    plants |= as_plant(f"app.blueprints.{NEW}", f"app.blueprints.{first}")
    plants |= as_plant(f"app.blueprints.{second}", "app.blueprints.catalog.books")
    plants |= as_plant(f"app.blueprints.{first}", "app.helpers", f"app.blueprints.{second}")
    refused(inside, plants)


def test_a_cycle_is_caught(inside):
    plants = {}
    for package in ("app.openapi", "app.schemas", "app.services", "app.models"):
        names = [f"{package}.{name}" for name in random.sample(["one", "two", "three"], k=3)]
        plants |= as_plant(names[0], names[1], names[0])
        plants |= as_plant(*names, names[0])
    plants |= as_plant("app.services.lookup", "app.services.books")
    plants |= as_plant("app.blueprints.catalog.books", "app.blueprints.catalog.copies")
    plants["app.blueprints.catalog.books -> app.blueprints.catalog.copies"].append(
        ["app.blueprints.catalog.copies", "app.blueprints.catalog.books"]
    )
    refused(inside, plants)


def test_all_else_is_allowed(inside):
    plants = {}
    for place, upper in enumerate(LAYERS):
        for lower in LAYERS[place + 1 :]:
            if (upper, lower) != ("app.schemas", "app.services"):
                plants |= as_plant(one(upper), one(lower))
    plants |= as_plant("app.schemas.user", "app.services.reports")
    plants |= as_plant(one("app.blueprints"), "flask")
    plants |= as_plant(one("app.schemas"), "flask")
    plants |= as_plant("app.services.api_keys", "flask")
    plants |= as_plant(one("app.services"), "app.extensions")
    plants |= as_plant(one("app.services"), "app.auth.passwords")
    plants |= as_plant(one("app.services"), "sqlalchemy")
    plants |= as_plant(f"app.services.{NEW}", "app.services.loans")
    plants |= as_plant(f"app.models.{NEW}", "app.models.loan")
    plants |= as_plant(f"app.blueprints.{NEW}", f"app.services.{NEW}", f"app.models.{NEW}")
    plants |= as_plant("app.helpers", one("app.services"))
    plants |= as_plant("app.helpers", "flask")
    plants |= as_plant("app.helpers", one("app.blueprints"))
    found = inside(broken_by, plants)
    assert found["error"] == "", "import-linter cannot work with .importlinter"
    for plant in plants:
        assert found[plant] == [], f"this import is allowed, and breaks contracts: {plant}"
