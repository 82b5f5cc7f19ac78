"""Exercise 5.4: decorators stand in one order, and an app in which they do not is refused."""

import itertools
import random
import secrets

AUTHORS = "/api/v1/authors"
ORDER = ["permissions", "validation", "caching", "response"]


def stacks_of(endpoints: list[str]) -> list[str]:
    from flask import current_app

    views = [current_app.view_functions[endpoint] for endpoint in endpoints]
    return [", ".join(reversed(getattr(view, "layers", []))) for view in views]


def said_of(stacks: list[list[str]], endpoint: str) -> list[str | None]:
    """What ``check_stacks`` says of an app whose one view has each of these stacks, from above."""
    from flask import Flask

    from app.stack import StackError, check_stacks

    def view() -> str:
        return ""

    app, said = Flask("planted"), []
    app.view_functions[endpoint] = view
    for stack in stacks:
        view.layers = stack[::-1]
        try:
            check_stacks(app)
            said.append(None)
        except StackError as error:
            said.append(str(error))
    return said


def said_of_many(views: dict[str, list[str] | None]) -> str | None:
    """What it says of an app with several views, of which some have noted nothing."""
    from flask import Flask

    from app.stack import StackError, check_stacks

    app = Flask("planted")
    for endpoint, stack in views.items():
        view = app.view_functions[endpoint] = lambda: ""
        if stack is not None:
            view.layers = stack[::-1]
    try:
        check_stacks(app)
    except StackError as error:
        return str(error)
    return None


def decorated(order: list[str]) -> str | None:
    """What it says of this app with one more view, decorated in this order, from above."""
    from flask import current_app

    from app.auth.guards import requires
    from app.caching import cached
    from app.openapi.contracts import accepts, answers
    from app.schemas.author import AuthorSchema
    from app.stack import StackError, check_stacks

    decorators = {
        "permissions": requires("books:read"),
        "validation": accepts(AuthorSchema(), "query"),
        "caching": cached(60, "authors"),
        "response": answers(AuthorSchema()),
    }

    def view(*args: object, **kwargs: object) -> None:
        return None

    for layer in reversed(order):
        view = decorators[layer](view)
    current_app.view_functions["planted"] = view
    try:
        check_stacks(current_app)
    except StackError as error:
        return str(error)
    return None


def authors(names: list[str]) -> list[int]:
    import world

    return [world.add_author(name) for name in names]


def rename(author: int, name: str) -> None:
    from app.extensions import db
    from app.models import Author

    db.session.get_one(Author, author).name = name
    db.session.commit()


def how_long_they_are_kept() -> dict[str, list[object]]:
    """For each view of the authors what ``cached`` is given: seconds, tables, and for whom."""
    from importlib.util import find_spec, module_from_spec
    from unittest.mock import patch

    from app import caching

    original, found = caching.cached, {}

    def cached(seconds, *tables, shared=False):
        def decorate(view):
            found[view.__name__] = [seconds, list(tables), shared]
            return original(seconds, *tables, shared=shared)(view)

        return decorate

    spec = find_spec("app.blueprints.catalog.authors")
    with patch.object(caching, "cached", cached):
        spec.loader.exec_module(module_from_spec(spec))
    return found


def token_with(scope: str) -> dict[str, str]:
    import world

    return world.bearer(str(world.person("member")), scope)


def faults(stack):
    """What is wrong with a stack: for each fault the layers that a message has to name."""
    pairs = list(itertools.combinations(stack, 2))
    found = [{upper, lower} for upper, lower in pairs if ORDER.index(upper) > ORDER.index(lower)]
    found += [{layer} for layer in ORDER if layer != "validation" and stack.count(layer) > 1]
    validated = [place for place, layer in enumerate(stack) if layer == "validation"]
    if validated and validated[-1] - validated[0] >= len(validated):  # something stands between
        found.append({"validation"})
    if "caching" in stack and "permissions" not in stack:
        found.append({"caching"})
    return found


def written(stack):
    return ", ".join(stack)


def test_the_authors_stand_in_order(client, inside):
    asked = ["authors.list_authors", "authors.get_author", "authors.add_author"]
    right = [
        ORDER,
        ["permissions", "caching", "response"],
        ["permissions", "validation", "response"],
    ]
    for endpoint, got, stack in zip(asked, inside(stacks_of, asked), right, strict=True):
        assert got == written(stack), f"the layers of {endpoint}, from above"

    names = sorted(f"{secrets.token_hex(4)} {number}" for number in range(6))
    ids = inside(authors, random.sample(names, k=6))
    for _ in range(2):
        for page in (1, 2, 3):
            query = {"per_page": 2, "page": page, "sort": "name"}
            answer = client.get(AUTHORS, query_string=query)
            got = [item["name"] for item in (answer.json or {}).get("items", [])]
            expected = names[2 * page - 2 : 2 * page]
            assert got == expected, f"page {page} of the authors, asked for after other pages"
    for author in random.sample(ids, k=2):
        got = (client.get(f"{AUTHORS}/{author}").json or {}).get("id")
        assert got == author, "one author, asked for after another"
    inside(rename, author, f"! {names[0]}")
    asked_before = (f"{AUTHORS}/{author}", f"{AUTHORS}?per_page=2&page=1&sort=name")
    one, some = (client.get(path).json or {} for path in asked_before)
    got = [each.get("name") for each in [one, *some.get("items", [])][:2]]
    assert got == [f"! {names[0]}"] * 2, (
        "an author by themselves, and the first of the list, once the name is another one: no"
        " answer is kept when its table changes"
    )

    found = inside(how_long_they_are_kept)
    expected = {view: [300, ["authors"], True] for view in ("list_authors", "get_author")}
    assert found == expected, "only the order is wrong: what stands there is as it is"


def test_nobody_gets_past_what_stands_above(client, anonymous, inside):
    (author,) = inside(authors, ["Tove Jansson"])
    foreign = inside(token_with, "loans:read")
    for path in (AUTHORS, f"{AUTHORS}/{author}"):
        status = client.get(path).status_code
        assert status == 200, f"GET {path}, for somebody who may, was answered with {status}"
        status = anonymous.get(path).status_code
        assert status == 401, f"a stranger who asks for {path} after somebody who may"
        status = anonymous.get(path, headers=foreign).status_code
        assert status == 403, f"a token without books:read that asks for {path} after one with it"
    reader = inside(token_with, "books:read")
    status = anonymous.post(AUTHORS, json={"name": "A"}, headers=reader).status_code
    assert status == 403, "a token for books:read alone adds an author"
    for key in ("id", "name", "birth_year", "-birth_year"):
        status = client.get(AUTHORS, query_string={"sort": key}).status_code
        assert status == 200, f"the authors, sorted by {key}"
    for query in ("page=0", "sort=shoe_size"):
        status = client.get(f"{AUTHORS}?{query}").status_code
        assert status == 422, f"GET {AUTHORS}?{query}, asked for after a list that is there"
    assert client.get(f"{AUTHORS}/999").status_code == 404, "an author who is not there"
    status = client.post(AUTHORS, json={"name": ""}).status_code
    assert status == 422, "an author without a name is refused before anything is done"
    made = client.post(AUTHORS, json={"name": "Astrid"})
    assert made.status_code == 201, "a new author"
    found = client.get(made.headers.get("Location", "")).json
    assert found == made.json, "Location is where the new author is found"


LONGEST = [*ORDER[:2], "validation", *ORDER[2:]]
STACKS = [
    list(stack)
    for size in range(1, 5)
    for stack in itertools.product(ORDER, repeat=size)
    if stack.count("validation") < 3
]


def test_what_is_in_order_starts(inside):
    right = [stack for stack in [*STACKS, LONGEST] if not faults(stack)]
    for stack, said in zip(right, inside(said_of, right, "planted"), strict=True):
        assert said is None, f"{written(stack)}: in this order, from above, an app starts"


def test_what_is_not_in_order_does_not_start(inside):
    wrong = [stack for stack in STACKS if faults(stack)]
    wrong += [random.sample(LONGEST, k=5) for _ in range(9)]
    endpoint = f"{secrets.token_hex(4)}.show"
    for stack, said in zip(wrong, inside(said_of, wrong, endpoint), strict=True):
        if not faults(stack):
            continue
        assert said is not None, f"{written(stack)}: in this order, from above, no app may start"
        assert endpoint in said, f"{written(stack)}: the message names the endpoint"
        named = any(all(layer in said for layer in fault) for fault in faults(stack))
        assert named, f"{written(stack)}: the message, {said!r}, names the layers that are wrong"


def test_every_view_is_looked_at(inside):
    names = [secrets.token_hex(4) for _ in range(6)]
    good = {name: random.choice([None, ORDER, ["response"], LONGEST]) for name in names}
    said = inside(said_of_many, good)
    assert said is None, "an app whose views stand in order, or have noted nothing, starts"
    for wrong in names:
        said = inside(said_of_many, good | {wrong: ["validation", "permissions"]})
        which = f"view {names.index(wrong) + 1} of {len(names)} is wrong"
        assert said is not None, f"{which}: no app with it may start"
        assert wrong in said, f"{which}: the message names it"


def test_decorators_leave_these_notes(inside):
    assert inside(decorated, ORDER) is None, "a view decorated in order, and this app starts"
    for upper, lower in itertools.pairwise(range(4)):
        order = ORDER.copy()
        order[upper], order[lower] = order[lower], order[upper]
        said = inside(decorated, order)
        assert said is not None, f"a view decorated in the order {written(order)}: no app may start"
        assert "planted" in said, "the message names the endpoint of the view that was planted"
