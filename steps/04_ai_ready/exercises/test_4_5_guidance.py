"""Exercise 4.5: an index, links, and errors that say how to do better."""

import json
import random
import re
import secrets
from urllib.parse import urlsplit

import pytest

API = "/api/v1"
PROBLEM = "application/problem+json"


def a_library() -> dict[str, int]:
    import world

    author = world.add_author(birth_year=1914)
    book = world.add_book(author_ids=[author])
    copy, user = world.add_copy(book), world.add_user()
    loan = world.add_loan(copy_id=copy, user_id=user)
    shelved = world.add_copy(book)
    return {
        "author": author,
        "book": book,
        "copy": copy,
        "user": user,
        "loan": loan,
        "shelved": shelved,
    }


def headers_of(role: str) -> dict[str, str]:
    import world

    return world.identity(role)


def plant(name: str) -> None:
    """Routes that nobody thought of: one to begin at, one that needs to know more."""
    from flask import current_app
    from marshmallow import Schema

    from app.auth.guards import public
    from app.errors import Conflict
    from app.openapi.contracts import answers

    @public
    @answers(Schema())
    def view(**values: int) -> dict[str, int]:
        return values

    @public
    def refuse() -> None:
        error = Conflict("planted", "it cannot be")
        error.headers = {"Vary": "Cookie", "X-Planted": name}
        raise error

    @public
    def agree() -> dict[str, object]:
        return {"code": "fine", "message": "it can be", "details": []}

    @public
    def refuse_otherwise(without: str) -> tuple[dict[str, object], int]:
        ours = {"code": "planted", "message": "not our envelope", "details": []}
        return {key: value for key, value in ours.items() if key != without}, 400

    @public
    def refuse_in_a_list() -> tuple[list[str], int]:
        return ["code", "message", "details"], 400

    @public
    def break_off() -> tuple[str, int, dict[str, str]]:
        return '{"code": "planted", "mess', 400, {"Content-Type": "application/json"}

    current_app.add_url_rule(f"/api/v1/{name}", name, view)
    current_app.add_url_rule(f"/api/v1/{name}/<int:number>", name + "_one", view)
    current_app.add_url_rule("/planted/refusal", "refusal", refuse)
    current_app.add_url_rule("/planted/agreement", "agreement", agree)
    current_app.add_url_rule("/planted/other/<without>", "other", refuse_otherwise)
    current_app.add_url_rule("/planted/list", "list", refuse_in_a_list)
    current_app.add_url_rule("/planted/half", "half", break_off)


def links_of(schemas: list[str]) -> dict[str, list[list[str]]]:
    """For each schema, and for one made from it: what the document says, and what is added."""
    from importlib import import_module

    from flask import current_app

    from app.links import relations_of, with_links

    body = {"id": 7, "book_id": 8, "copy_id": 9, "user_id": 10}
    found = {}
    for path in schemas:
        module, name = path.split(":")
        schema = getattr(import_module(module), name)
        child = type(f"Special{name}", (schema,), {})
        with current_app.test_request_context():
            found[name] = [
                [*relations_of(one()), "|", *with_links(one(), dict(body)).get("_links", {})]
                for one in (schema, child)
            ]
    return found


def explained(sent: object, colours: list[str]) -> object:
    """What ``explain`` makes of a body for a schema of our own; ``None`` if it loads."""
    from marshmallow import Schema, ValidationError, fields, validate

    from app.hints import explain

    class Wheel(Schema):
        size = fields.Integer(strict=True, required=True, metadata={"examples": [26]})

    class Bicycle(Schema):
        wheels = fields.List(fields.Nested(Wheel), metadata={"examples": [[{"size": 26}]]})
        colour = fields.String(
            required=True, validate=validate.OneOf(colours), metadata={"examples": [colours[1]]}
        )
        extras = fields.List(
            fields.String(),
            validate=[validate.Length(min=1), validate.ContainsOnly(colours)],
            metadata={"examples": [[colours[2]]]},
        )
        frame = fields.String(
            validate=[
                validate.Length(max=4, error="zu lang: too long"),
                validate.Regexp("[a-z]+$", error="a small letter or more"),
            ],
            metadata={"examples": ["abc"]},
        )
        serial = fields.Integer(dump_only=True)

    schema = Bicycle()
    try:
        schema.load(sent)
    except ValidationError as error:
        return explain(error, schema, sent)
    return None


def send(client, method, path, body, **headers):
    return client.open(path, method=method, json=body, headers=headers)


def links_in(body) -> dict[str, str]:
    """The relations of an answer, each with its address; empty where it has none."""
    links = body.get("_links") if isinstance(body, dict) else None
    if not isinstance(links, dict):
        return {}
    for relation, link in links.items():
        href = link.get("href") if isinstance(link, dict) else None
        is_path = isinstance(href, str) and href.startswith("/")
        assert is_path, f'the link {relation} is no {{"href": path}} but {link!r}'
    return {relation: link["href"] for relation, link in links.items()}


def all_links(body) -> set[str]:
    """Every address in an answer, however deep."""
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else []
    return set(links_in(body).values()).union(*map(all_links, inner))


def document(client) -> dict[str, dict[str, object]]:
    """The GETs of the document: for each path its operation."""
    answer = client.get("/openapi.json")
    assert answer.status_code == 200, f"GET /openapi.json answered {answer.status_code}"
    return {path: item["get"] for path, item in answer.json["paths"].items() if "get" in item}


def details_of(answer) -> list[dict[str, object]]:
    """The details of a 422, each with all that it has to say."""
    asked = f"{answer.request.method} {answer.request.path}"
    assert answer.status_code == 422, f"{asked} answered {answer.status_code}, not 422"
    return checked(answer.json["details"])


def checked(entries) -> list[dict[str, object]]:
    for entry in entries:
        for key in ("field", "reason", "allowed", "hint"):
            assert key in entry, f"the answer has no {key} for {entry.get('field')!r}: {entry!r}"
    return entries


def corrected(sent, entries):
    """What was sent, with the hints applied as RFC 6902 has it, by somebody who cannot think."""
    done = sent
    for hint in [entry["hint"] for entry in checked(entries) if entry["hint"] is not None]:
        parts = (hint.get("op"), hint.get("path")) if isinstance(hint, dict) else (None, None)
        op, path = parts
        valid = op in {"add", "remove", "replace"} and isinstance(path, str)
        assert valid, f"a hint is one operation of a JSON Patch, got {hint!r}"
        assert op == "remove" or "value" in hint, f"to {op} takes a value: {hint!r}"
        if path == "":
            assert op != "remove", "to remove the whole body leaves nothing"
            done = hint["value"]
            continue
        assert path.startswith("/"), f"a JSON Pointer begins with a slash: {hint!r}"
        assert isinstance(done, dict), f"{hint!r} leads into {done!r}, which is no object"
        assert "/" not in path[1:], f"{hint!r} leads deeper than to a field, or has no ~1 for a /"
        name = path[1:].replace("~1", "/").replace("~0", "~")
        there = op == "add" or name in done
        assert there, (
            f"the hint to {op} {path!r} leads nowhere: what was sent has no such field. In a JSON"
            " Pointer, ~ is written ~0, and / is written ~1"
        )
        done = {key: value for key, value in done.items() if op != "remove" or key != name}
        if op != "remove":
            done[name] = hint["value"]
    return done


@pytest.mark.about("app/blueprints/index.py", "def starting_points(")
def test_the_index_leads_to_all_that_needs_no_more(anonymous, inside):
    name = f"planted_{secrets.token_hex(3)}"
    inside(plant, name)
    answer = anonymous.get(f"{API}/")
    assert answer.status_code == 200, f"GET {API}/ answered {answer.status_code}"
    got = links_in(answer.json)

    assert got.get("self") == f"{API}/", "the index names itself: self"
    assert got.get("service-desc") == "/openapi.json", "the document is where it is found"
    assert got.get("service-doc") == "/docs/", "the pages that show the document"
    starts = {
        operation["operationId"]: path
        for path, operation in document(anonymous).items()
        if "{" not in path and path != f"{API}/"
    }
    own = {"self", "service-desc", "service-doc"}
    rest = {relation: href for relation, href in got.items() if relation not in own}
    assert rest == starts, (
        "the index leads to every GET whose path has no parameters, under its operationId, and to"
        " nothing else; it reads the document, so a new route is there without anybody's doing"
    )


@pytest.mark.about("app/links.py", "def with_links(")
def test_a_crawl_from_the_index_reaches_every_get(anonymous, inside):
    inside(a_library)
    headers = inside(headers_of, "admin")
    gets = document(anonymous)
    waiting, seen = [f"{API}/"], set()
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 200:
            continue
        seen.add(path)
        answer = anonymous.get(path, headers=headers)
        status = answer.status_code
        assert status != 404, f"a link leads to {path}, which answered 404 to an admin"
        # The document holds links that are only described.
        body = answer.get_json(silent=True) if path.startswith(API) else None
        found = all_links(body)
        found |= set(re.findall(r"<http://localhost([^>]*)>", answer.headers.get("Link", "")))
        waiting += sorted(found - seen)

    paths = {urlsplit(path).path for path in seen}
    missed = [
        template
        for template in gets
        if template.startswith(API)
        and not any(re.fullmatch(re.sub(r"{\w+}", r"[^/]+", template), path) for path in paths)
    ]
    assert missed == [], (
        "whoever begins at the index and follows links gets to every GET of the document; these"
        " have to be guessed"
    )


LINKS = {
    "book": ("books/{book}", {"self": "books/{book}", "copies": "books/{book}/copies"}),
    "author": ("authors/{author}", {"self": "authors/{author}"}),
    "copy": ("copies/{copy}", {"self": "copies/{copy}", "book": "books/{book}"}),
    "loan": (
        "loans/{loan}",
        {"self": "loans/{loan}", "copy": "copies/{copy}", "user": "users/{user}"},
    ),
    "user": ("users/{user}", {"self": "users/{user}"}),
}


@pytest.mark.about("app/links.py", "def with_links(")
def test_what_is_read_leads_on(client, inside):
    for _ in range(random.randrange(1, 4)):
        ids = inside(a_library)
    for name, (path, relations) in LINKS.items():
        answer = client.get(f"{API}/{path.format(**ids)}").json
        expected = {key: f"{API}/{to.format(**ids)}" for key, to in relations.items()}
        assert links_in(answer) == expected, f"the links of a {name}, read by itself"
        among = "books/{book}/copies" if name == "copy" else f"{name}s"
        page = client.get(f"{API}/{among.format(**ids)}?per_page=100").json
        (item,) = [item for item in page["items"] if item["id"] == ids[name]]
        assert links_in(item) == expected, f"the links of a {name}, in a list"
    loan = client.get(f"{API}/loans/{ids['loan']}").json
    assert links_in(loan["book"]) == {}, "what stands within a loan is no answer of its own"
    made = client.post(f"{API}/authors", json={"name": secrets.token_hex(4)})
    assert links_in(made.json).get("self") == made.headers["Location"].removeprefix(
        "http://localhost"
    ), "what was just made leads to itself as well"


@pytest.mark.about("app/links.py", "def with_links(")
def test_links_are_those_that_the_document_lists(inside):
    schemas = {
        "app.schemas.book:BookSchema": ["self", "copies"],
        "app.schemas.author:AuthorSchema": ["self"],
        "app.schemas.copy:CopySchema": ["self", "book"],
        "app.schemas.loan:LoanSchema": ["self", "copy", "user"],
        "app.schemas.user:UserSchema": ["self"],
        "app.schemas.book:BookUpdateSchema": [],
        "app.schemas.stats:StatsSchema": [],
        "app.schemas.loan:ReminderSchema": [],
        "app.schemas.auth:NewApiKeySchema": [],
    }
    found = inside(links_of, list(schemas))
    for path, relations in schemas.items():
        name = path.partition(":")[2]
        (own, made) = found[name]
        listed, added = own[: own.index("|")], own[own.index("|") + 1 :]
        assert sorted(listed) == sorted(relations), f"relations_of({name}())"
        assert sorted(added) == sorted(relations), f"the links of what {name} dumped"
        assert made == ["|"], f"a schema made from {name} has no links of its own"


def bodies(barcode: str) -> list[tuple[str, object]]:
    """Where to send what, and why it does not fit: every kind of mistake."""
    odd = random.choice(["a/b", "m~n", "a~1b", "~0/", "authors.0", "", "ключ"])
    name = secrets.token_hex(4)
    fitting = {"barcode": barcode, "condition": "new"}
    return [
        ("authors", {"name": name, "birth_year": random.choice([0, "1914", 1914.5, True])}),
        ("authors", {"birth_year": 1914}),
        ("authors", {"name": "", "birth_year": None}),
        ("authors", {"name": name, odd: 1}),
        ("authors", {"name": name, "id": 5, "nmae": "x", "a.b": [1]}),
        ("authors", {"nmae": name, "birth_year": [], "/": {}}),
        ("authors", random.choice([[], [{"name": name}], "a text", 7, True])),
        ("books/1/copies", fitting | {"condition": "godo"}),
        ("books/1/copies", {"condition": "terrible"}),
        ("loans", {"copy_id": "x", "user_id": 1}),
        ("api-keys", {"name": name, "scopes": ["book:read", "books:read"]}),
        ("api-keys", {"name": name, "scopes": "books:raed"}),
        ("api-keys", {"name": 5, "scopes": [1, None, 2]}),
    ]


@pytest.mark.about("app/hints.py", "def explain(")
def test_the_hint_makes_the_request_succeed(librarian, inside):
    inside(a_library)
    inside(a_library)
    librarian.post(f"{API}/loans/1/return")
    for path, sent in bodies(secrets.token_hex(4).upper()):
        answer = librarian.post(f"{API}/{path}", json=sent)
        assert answer.status_code == 422, f"POST /{path} with {sent!r}: {answer.status_code}"
        better = corrected(sent, details_of(answer))
        status = librarian.post(f"{API}/{path}", json=better).status_code
        assert status == 201, (
            f"POST /{path} with {sent!r}: the hints make it {better!r}, which was answered with"
            f" {status}. A client that applies them gets through"
        )


@pytest.mark.about("app/hints.py", "def explain(")
def test_a_query_string_has_hints_too(client, inside):
    inside(a_library)
    for sent in (
        {"page": "0"},
        {"page": "abc", "per_page": "1000", "sort": "nmae", "unknown": "1"},
        {"sort": "name,shoe_size"},
        {"sort": ""},
    ):
        answer = client.get(f"{API}/authors", query_string=sent)
        better = corrected(sent, details_of(answer))
        plain = all(isinstance(value, str | int) for value in better.values())
        assert plain, f"a query string holds texts, not lists: {better!r}"
        status = client.get(f"{API}/authors", query_string=better).status_code
        assert status == 200, f"?{sent!r}: the hints make it {better!r}, answered with {status}"
    (entry,) = details_of(client.get(f"{API}/authors?sort=nmae"))
    assert entry["hint"]["value"] == "name", "sort is one text, and the closest choice is name"


COLOURS = ["crimson", "turquoise", "mustard", "lavender", "charcoal", "ivory"]


def some_colours() -> list[str]:
    """Four, of which the second is the example: not the first of them, by whatever order."""
    colours = random.sample(COLOURS, k=4)
    while colours[1] in (min(colours), max(colours)):
        random.shuffle(colours)
    return colours


def explain(inside, sent, colours):
    entries = inside(explained, sent, colours)
    assert isinstance(entries, list), f"explain gave no list for {sent!r} but {entries!r}"
    return checked(entries)


@pytest.mark.about("app/hints.py", "def explain(")
def test_an_entry_says_what_is_allowed(inside):
    colours = some_colours()
    sent = {"colour": "?", "extras": ["?"], "frame": 5, "size": 1}
    found = {entry["field"]: entry["allowed"] for entry in explain(inside, sent, colours)}

    names = ["colour", "extras", "frame", "wheels"]
    expected = {"colour": colours, "extras": colours, "frame": None, "size": names}
    assert found == expected, (
        "allowed are the choices of the field, and None without; for a field that is not there,"
        " the names of those that may come in, sorted"
    )
    (whole,) = explain(inside, [], colours)
    assert whole["allowed"] is None, "for what is no object there is nothing to choose from"


@pytest.mark.about("app/hints.py", "def explain(")
def test_the_closest_choice_is_meant(inside):
    colours = some_colours()
    meant = random.choice(colours)
    typo = meant[:2] + meant[3:]
    for sent, value in (
        *(({"colour": one[:2] + one[3:]}, one) for one in colours),
        *(({"colour": one[1:]}, one) for one in colours),
        ({"colour": "#"}, colours[1]),
        ({"colour": 5}, colours[1]),
        ({"colour": meant, "extras": typo}, [colours[2]]),
        ({"colour": meant, "extras": [typo]}, [colours[2]]),
    ):
        (entry,) = explain(inside, sent, colours)
        what = f"sent {sent!r}, to choose from {colours}"
        hint = entry["hint"] or {}
        got = (hint.get("op"), hint.get("path"), hint.get("value"))
        expected = ("replace", f"/{entry['field']}", value)
        assert got == expected, f"{what}: the choice that looks most like it, else the example"


@pytest.mark.about("app/hints.py", "def explain(")
def test_a_hint_acts_on_the_field_of_the_schema(inside):
    colours = some_colours()
    fits = {"colour": colours[0]}
    whole = {"op": "replace", "path": "", "value": {"colour": colours[1]}}
    wheels = {"op": "replace", "path": "/wheels", "value": [{"size": 26}]}
    missing = {"op": "add", "path": "/colour", "value": colours[1]}
    frame = {"op": "replace", "path": "/frame", "value": "abc"}
    for sent, expected in (
        ({}, {"colour": missing}),
        ([], {"_schema": whole}),
        ("text", {"_schema": whole}),
        (fits | {"frame": None}, {"frame": frame}),
        (fits | {"frame": ""}, {"frame": frame}),
        (fits | {"wheels": [{}]}, {"wheels.0.size": wheels}),
        (fits | {"wheels": [{"size": 1}, {"size": "x"}]}, {"wheels.1.size": wheels}),
        (fits | {"wheels.0": 1}, {"wheels.0": {"op": "remove", "path": "/wheels.0"}}),
        (fits | {"a/b~c": 1}, {"a/b~c": {"op": "remove", "path": "/a~1b~0c"}}),
        (fits | {"serial": 1}, {"serial": {"op": "remove", "path": "/serial"}}),
    ):
        entries = explain(inside, sent, colours)
        got = {entry["field"]: entry["hint"] for entry in entries}
        assert got == expected, f"the hints for {sent!r}"


@pytest.mark.about("app/hints.py", "def explain(")
def test_entries_are_sorted_and_each_path_has_one_hint(inside):
    colours = some_colours()
    strange = {f"{random.choice('_az~Z')}{secrets.token_hex(3)}": 1 for _ in range(9)}
    sent = {"frame": "LONGER", "wheels": [{"size": "x"}, 5, {}], "colour": 1, **strange}
    entries = explain(inside, sent, colours)

    keys = [(entry["field"], entry["reason"]) for entry in entries]
    assert keys == sorted(keys), "entries are sorted by field, then reason"
    frame = [entry for entry in entries if entry["field"] == "frame"]
    assert len(frame) == 2, "two reasons for one field are two entries"
    paths = [entry["hint"]["path"] for entry in entries if entry["hint"] is not None]
    assert sorted(paths) == sorted({"/frame", "/wheels", "/colour", *pointers(strange)}), (
        "each path stands in one hint: a further entry for the same field has None"
    )
    assert frame[0]["hint"] is not None, "the first entry for a field has the hint, not the last"
    better = corrected(sent, entries)
    assert inside(explained, better, colours) is None, f"the hints make {sent!r} load: {better!r}"


def pointers(names) -> set[str]:
    return {"/" + name.replace("~", "~0") for name in names}


@pytest.mark.about("app/hints.py", "def explain(")
def test_the_same_mistake_gives_the_same_bytes(client):
    sent = {secrets.token_hex(3): 1 for _ in range(9)} | {"birth_year": 0, "name": ""}
    texts = set()
    for _ in range(3):
        keys = random.sample(list(sent), k=len(sent))
        answer = client.post(f"{API}/authors", json={key: sent[key] for key in keys})
        fields = [entry["field"] for entry in details_of(answer)]
        assert fields == sorted(fields), "details are sorted, whatever the order in the body"
        texts.add(answer.text)

    assert len(texts) == 1, "the same mistake is told in the same bytes, each time"


MISSING = f"{API}/{secrets.token_hex(3)}"
BOTH = f"application/json, {PROBLEM}"
ACCEPTS = [
    (None, False),
    ("*/*", False),
    ("application/*", False),
    ("application/json", False),
    (f"application/json, {PROBLEM};q=0.9", False),
    (f"{PROBLEM};q=0", False),
    (f"{PROBLEM};q=0.4, */*;q=0.5", False),
    (BOTH, False),
    (f"{PROBLEM}, application/json", False),
    (f"{PROBLEM}, */*", False),
    (PROBLEM, True),
    (f"{PROBLEM}, application/json;q=0.9", True),
    (f"application/json;q=0.2, {PROBLEM};q=0.3", True),
    (f"text/html, {PROBLEM};q=0.1", True),
    (f"{PROBLEM}, */*;q=0.8", True),
]


@pytest.mark.about("app/problems.py")
def test_accept_decides_on_the_form(client):
    for accept, is_problem in ACCEPTS:
        headers = {} if accept is None else {"Accept": accept}
        answer = client.get(MISSING, headers=headers)
        how = "without Accept" if accept is None else f"with Accept: {accept}"
        asked = f"an error, asked for {how}"
        expected = PROBLEM if is_problem else "application/json"
        assert answer.mimetype == expected, asked
        vary = [part.strip().lower() for part in answer.headers.get("Vary", "").split(",")]
        assert "accept" in vary, f"{asked}: without Vary: Accept, a cache gives it to everybody"


@pytest.mark.about("app/problems.py")
def test_a_problem_tells_the_same(client, inside):
    inside(plant, "planted")
    for method, path, body, title in (
        ("GET", MISSING, None, "Not Found"),
        ("POST", f"{API}/authors", {"birth_year": 0, "nmae": ""}, None),
        ("DELETE", f"{API}/authors", None, "Method Not Allowed"),
        ("GET", "/probe/abort?status=400", None, "Bad Request"),
        ("GET", "/planted/refusal", None, "Conflict"),
        ("GET", "/probe/crash?kind=RuntimeError&cause=x", None, "Internal Server Error"),
    ):
        plain = client.open(path, method=method, json=body).json or {}
        assert "message" in plain, f"{method} {path}, without Accept: the envelope, as before"
        answer = client.open(path, method=method, json=body, headers={"Accept": PROBLEM})
        what = f"{method} {path}, as a problem"
        got = json.loads(answer.data) if PROBLEM in answer.content_type else {}
        members = sorted(["type", "title", "status", "detail", "code", "details"])
        assert sorted(got) == members, f"{what}, has these members"
        assert got["title"] == (title or got["title"]), f"{what}: title is the name of the status"
        rest = {key: got[key] for key in ("type", "status", "detail", "code", "details")}
        expected = {"type": "about:blank", "status": answer.status_code, "detail": plain["message"]}
        expected |= {"code": plain["code"], "details": plain["details"]}
        assert rest == expected, f"{what}, tells the same as the envelope"

    form = {"grant_type": "client_credentials", "client_id": "nobody"}
    answer = client.post(f"{API}/oauth/token", data=form, headers={"Accept": PROBLEM})
    said = answer.get_json(silent=True) or {}
    assert said.get("error") == "invalid_client", "what else is in the body of an error stays"


@pytest.mark.about("app/problems.py")
def test_a_problem_keeps_status_and_headers(client, anonymous, inside):
    inside(plant, "planted")
    for who, method, path, status, header, value in (
        (anonymous, "GET", f"{API}/books", 401, "WWW-Authenticate", "Bearer"),
        (client, "GET", "/probe/busy?seconds=31", 429, "Retry-After", "31"),
        (client, "PUT", f"{API}/authors", 405, "Allow", "POST"),
        (client, "GET", "/planted/refusal", 409, "X-Planted", "planted"),
        (client, "GET", "/planted/refusal", 409, "Vary", "Cookie"),
        (client, "GET", MISSING, 404, "Cache-Control", "no-store"),
    ):
        for accept in (PROBLEM, "application/json"):
            answer = who.open(path, method=method, headers={"Accept": accept})
            what = f"{method} {path}, with Accept: {accept}"
            assert answer.mimetype == accept, f"{what}: the form"
            assert answer.status_code == status, f"{what}: the status stays"
            said = answer.headers.get(header, "")
            assert value in said, f"{what} lost its header {header}: {value}"
            size = answer.headers.get("Content-Length")
            assert size == str(len(answer.data)), f"{what}: Content-Length is that of the new body"


@pytest.mark.about("app/problems.py")
def test_what_is_no_envelope_is_left_alone(client, inside):
    inside(plant, "planted")
    inside(a_library)
    for path in (
        f"{API}/books",
        "/planted/agreement",
        *(f"/planted/other/{without}" for without in ("code", "message", "details")),
        "/planted/list",
        "/planted/half",
        "/probe/cached?status=400&hint=no-store",
    ):
        plain, asked = client.get(path), client.get(path, headers={"Accept": PROBLEM})
        got = (asked.status_code, asked.content_type, asked.text)
        expected = (plain.status_code, plain.content_type, plain.text)
        assert got == expected, (
            f"GET {path} answers no error in our envelope: it stays as it is, whatever Accept"
        )
