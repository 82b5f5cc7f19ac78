"""Exercise 4.6: the document is of use, and it is true."""

import copy
import random
import re
import secrets

import pytest

API = "/api/v1"


def findings(documents: list[dict[str, object]]) -> list[list[list[str]]]:
    import world
    from app.openapi.lint import lint

    world.remember_checked()
    return [[list(finding) for finding in lint(document)] for document in documents]


def own_findings(blueprints: list[str]) -> list[list[str]]:
    """Of the app's own document, what is found in the operations of these and all components."""
    from flask import current_app

    import world
    from app.openapi import document_of
    from app.openapi.lint import lint

    world.remember_checked()
    document = document_of(current_app)
    paths = {
        path: item
        for path, item in document["paths"].items()
        if all(operation.get("tags", [""])[0] in blueprints for operation in item.values())
    }
    return [list(finding) for finding in lint({**document, "paths": paths})]


def load_loans(bodies: list[dict[str, object]]) -> list[object]:
    """What becomes of each: what it loads as, or the fields to blame."""
    from marshmallow import ValidationError

    from app.schemas.loan import LoanSchema

    found = []
    for body in bodies:
        try:
            loaded = LoanSchema().load(body)
            found.append(
                {
                    name: each if isinstance(each, int) else str(each)
                    for name, each in loaded.items()
                }
            )
        except ValidationError as error:
            found.append(sorted(error.normalized_messages()))
    return found


def a_library() -> dict[str, int]:
    """Something of every kind: lent, given back, and never lent; and a member who has some."""
    import world

    book = world.add_book()
    lent, back, fresh = (world.add_copy(book) for _ in range(3))
    member = world.person("member")
    return {
        "book": book,
        "lent": lent,
        "fresh": fresh,
        "open": world.add_loan(copy_id=lent, user_id=member),
        "closed": world.add_loan(copy_id=back, user_id=member, borrowed=9, returned=2),
        "user": member,
    }


def a_document() -> dict[str, object]:
    """A small one with nothing to mend, and with everything that a walk could miss."""
    word = secrets.token_hex(2)
    text = {"type": "string", "description": "A word."}
    thing = {
        "type": "object",
        "properties": {
            word: dict(text),
            "inner": {"type": "object", "description": "Deeper.", "properties": {word: dict(text)}},
            "list": {
                "type": "array",
                "description": "Several.",
                "items": {"type": "object", "properties": {word: dict(text)}},
            },
            "other": {"$ref": "#/components/schemas/Other"},
        },
        "required": [word],
        "additionalProperties": False,
    }
    refused = {"description": "Refused."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {
            "/things": {
                "post": {
                    "operationId": "add",
                    "summary": "Add",
                    "security": [{"key": []}],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Thing"},
                                "example": {word: "x"},
                            }
                        }
                    },
                    "responses": {"201": {"description": "Added."}, "422": dict(refused)},
                },
            },
            "/things/{id}": {
                "parameters": [
                    {
                        "name": "id",
                        "in": "path",
                        "required": True,
                        "description": "Which.",
                        "schema": {"type": "integer"},
                    }
                ],
                "get": {
                    "operationId": "read",
                    "summary": "Read",
                    "security": [],
                    "parameters": [{"$ref": "#/components/parameters/language"}],
                    "responses": {"200": {"description": "It."}, "4XX": dict(refused)},
                },
            },
            "/alive": {
                "get": {
                    "operationId": "alive",
                    "summary": "Tell",
                    "security": [],
                    "responses": {"200": {"description": "Yes."}},
                },
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            "parameters": {
                "language": {
                    "name": "language",
                    "in": "query",
                    "description": "In which.",
                    "schema": {"type": "string"},
                }
            },
            "schemas": {
                "Thing": thing,
                "Other": {"type": "object", "properties": {"a/b~1": dict(text)}},
                "Paired": {"prefixItems": [{"type": "string"}]},
                "First": {"$ref": "#/components/schemas/Paired/prefixItems/0"},
                "Odd": {"$ref": "#/components/schemas/Other/properties/a~1b~01"},
                "Weight": {"type": "integer"},
            },
        },
    }


GONE = object()


def at(document, path):
    """What a path of keys leads to; ``*`` is the one name that nobody knows beforehand."""
    for key in path:
        document = document[next(iter(document)) if key == "*" else key]
    return document


def spoilt(*edits):
    """A document with something else at each place."""
    document = a_document()
    for path, value in edits:
        *parents, last = path
        parent = at(document, parents)
        last = next(iter(parent)) if last == "*" else last
        if value is GONE:
            del parent[last]
        else:
            parent[last] = copy.deepcopy(value)
    return document


def told(edits, word):
    """In words, what was done to the document."""
    parts = []
    for path, value in edits:
        place = " > ".join(map(str, path)).replace("*", word)
        parts.append(f"{place} is {'gone' if value is GONE else repr(value)}")
    return " and ".join(parts)


POST = ("paths", "/things", "post")
READ = ("paths", "/things/{id}", "get")
ALIVE = ("paths", "/alive", "get")
JSON_BODY = (*POST, "requestBody", "content", "application/json")
THING = ("components", "schemas", "Thing")
NOWHERE = {"$ref": f"#/components/schemas/{secrets.token_hex(3)}", "description": "Somewhere."}
OOPS = {"description": "!"}
BARE = {"content": {"application/json": {"schema": {"type": "object"}}}}
P, R, A = "/paths/~1things/post", "/paths/~1things~1{id}/get", "/paths/~1alive/get"
S = "/components/schemas"

OTHERS = ("put", "patch", "delete", "head", "options", "trace")
NAMELESS = {"summary": "Do", "security": [], "responses": {"200": {"description": "Done."}}}

# For each rule: the edits of one document, and where the findings must be.
LACKING = {
    "operation-id": [
        ([((*ALIVE, "operationId"), GONE)], [A]),
        ([((*ALIVE[:2], method), NAMELESS) for method in OTHERS],
         [f"/paths/~1alive/{method}" for method in OTHERS]),
        ([((*POST, "operationId"), ""), ((*READ, "operationId"), GONE)], [P, R]),
    ],
    "summary": [([((*READ, "summary"), GONE)], [R]), ([((*POST, "summary"), "")], [P])],
    "security": [
        ([((*ALIVE, "security"), GONE)], [A]),
        ([((*READ, "security"), GONE), (("security",), [{"key": []}])], [R]),
    ],
    "no-4xx": [
        ([((*POST, "responses", "422"), GONE)], [P]),
        ([((*READ, "responses", "4XX"), GONE)], [R]),
        ([((*ALIVE, "security"), [{"key": []}])], [A]),
        ([((*POST, "responses"), {"500": dict(OOPS), "default": dict(OOPS)})], [P]),
        ([((*READ, "responses", "4XX"), GONE), ((*READ, "parameters"), GONE)], [R]),
        ([((*POST, "responses", "422"), GONE), ((*POST, "security"), [])], [P]),
    ],
    "description": [
        ([((*READ[:2], "parameters", 0, "description"), GONE)], [R]),
        ([(("components", "parameters", "language", "description"), "")], [R]),
        ([((*THING, "properties", "list", "description"), GONE)], [f"{S}/Thing/properties/list"]),
        ([((*READ[:2], "parameters", 0, "description"), GONE),
          ((*THING[:2], "Other", "properties", "a/b~1", "description"), GONE)],
         [R, f"{S}/Other/properties/a~1b~01"]),
        ([((*THING[:2], "Other", "properties", "a/b~1", "description"), GONE)],
         [f"{S}/Other/properties/a~1b~01"]),
        ([((*THING, "properties", "inner", "properties", "*", "description"), "")],
         [f"{S}/Thing/properties/inner/properties/*"]),
        ([((*THING, "properties", "list", "items", "properties", "*", "description"), GONE)],
         [f"{S}/Thing/properties/list/items/properties/*"]),
    ],
    "example": [
        ([((*JSON_BODY, "example"), GONE)], [P]),
        ([((*JSON_BODY,), {"schema": {"type": "object", "example": {}}})], [P]),
        ([(("components", "requestBodies"), {"one": BARE}),
          ((*POST, "requestBody"), {"$ref": "#/components/requestBodies/one"})], [P]),
    ],
    "wrong-example": [
        ([((*JSON_BODY, "example"), {})], [P]),
        ([((*JSON_BODY, "example"), {"unknown": 1})], [P]),
        ([((*JSON_BODY, "example"), None)], [P]),
        ([((*JSON_BODY, "schema"), {"$ref": f"#{S}/Weight"})], [P]),
    ],
    "unresolved-ref": [
        ([((*THING, "properties", "*"), NOWHERE)], [f"{S}/Thing/properties/*"]),
        ([((*THING, "allOf"), [{"type": "object"}, NOWHERE])], [f"{S}/Thing/allOf/1"]),
        ([((*READ, "parameters", 0), {"$ref": "#/components/parameters/lang"})],
         [f"{R}/parameters/0"]),
        ([((*THING[:2], "First"), {"$ref": f"#{S}/Paired/prefixItems/1"}),
          ((*ALIVE, "summary"), "")], [f"{S}/First"]),
    ],
    "invalid": [
        ([(("info", "title"), GONE)], None),
        ([((*POST, "operationId"), 5), ((*ALIVE, "summary"), GONE)], None),
        ([((*READ, "responses", "200", "description"), GONE), (("info", "title"), GONE)],
         ["/info", f"{R}/responses/200"]),
    ],
}  # fmt: skip


TOGETHER = {
    "operations": ["operation-id", "summary", "security", "no-4xx"],
    "words": ["description", "example", "wrong-example"],
    "truth": ["unresolved-ref", "invalid"],
}


@pytest.mark.about("app/openapi/lint.py")
def test_a_good_document_has_nothing_to_mend(inside):
    several = {"small": {"summary": "One", "value": {}}}
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    documents = [
        a_document(),
        spoilt(((*JSON_BODY, "example"), GONE), ((*JSON_BODY, "examples"), several)),
        spoilt(((*POST, "requestBody", "content"), form)),
        spoilt(((*ALIVE, "responses", "404"), {"description": "No."})),
    ]
    for found in inside(findings, documents):
        assert found == [], (
            "nothing is wrong with it: an empty list for security says that nothing is needed,"
            " who takes nothing and asks for nothing may have no 4xx, and in a JSON Pointer, ~ in a"
            " name is written ~0, and / is written ~1"
        )


@pytest.mark.about("app/openapi/lint.py")
@pytest.mark.parametrize("part", TOGETHER)
def test_what_a_document_lacks_is_found(inside, part):
    cases = [(rule, *case) for rule in TOGETHER[part] for case in LACKING[rule]]
    documents = [spoilt(*edits) for _, edits, _ in cases]
    for (rule, edits, places), document, found in zip(
        cases, documents, inside(findings, documents), strict=True
    ):
        word = next(iter(at(document, (*THING, "properties"))))
        where = f"in a document whose {told(edits, word)}"
        rules = sorted({finding[1] for finding in found})
        assert rule in rules, f"{rule} was not found {where}"
        assert rules == [rule], f"{rule} is all that is to be found {where}"
        assert found == sorted(found), "findings are sorted"
        if places is not None:
            got = sorted({finding[0] for finding in found})
            expected = sorted({place.replace("*", word) for place in places})
            assert got == expected, f"the place of what was found, {where}"
        assert all(finding[2] for finding in found), "a finding says what to do, in its message"


def test_the_document_of_the_app_has_nothing_to_mend(inside, anonymous):
    read_document(anonymous)
    own = inside(own_findings, ["copies", "loans", "users"])
    assert own == [], "flask openapi-lint has something to say of our own document"


def read_document(client):
    answer = client.get("/openapi.json")
    assert answer.status_code == 200, (
        f"GET /openapi.json answered {answer.status_code}: the document comes first"
    )
    return answer.json


class Contract:
    """Asks the app, and holds what it answers to what its document says."""

    def __init__(self, client) -> None:
        self.document = read_document(client)

    def hold(self, client, method: str, path: str, **sent) -> int:
        answer = client.open(f"{API}/{path}", method=method, **sent)
        operation = self.operation(method.lower(), answer.request.path)
        what = f"{method} {answer.request.path} answered {answer.status_code}"
        body = answer.get_json(silent=True)
        code = body.get("code") if isinstance(body, dict) and answer.status_code >= 400 else None
        said = operation["responses"].get(str(answer.status_code))
        assert said, f"{what} {code or ''}: the document does not name that status"
        if "$ref" in said:
            said = self.document["components"]["responses"][said["$ref"].rpartition("/")[2]]
        content = said.get("content", {}).get(answer.mimetype)
        assert content or not answer.data, f"{what}, with a body of which the document says nothing"
        if content:
            wrong = self.error(content["schema"], body)
            assert wrong is None, f"{what}, and the document says otherwise: {wrong}"
        return answer.status_code

    def operation(self, method: str, path: str) -> dict[str, object]:
        exact = [path, *(each for each in self.document["paths"] if "{" in each)]
        for template in exact:
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            item = self.document["paths"].get(template, {})
            if re.fullmatch(pattern, path) and method in item:
                return item[method]
        raise AssertionError(f"{method.upper()} {path} is not in the document")

    def error(self, schema, body) -> str | None:
        from jsonschema import Draft202012Validator

        whole = {**schema, "components": self.document["components"]}
        for error in Draft202012Validator(whole).iter_errors(body):
            place = ".".join(map(str, error.absolute_path)) or "the body"
            return f"{place}: {error.message}"
        return None


@pytest.mark.about("app/schemas/loan.py")
def test_what_is_said_of_loans_is_true(client, member, inside):
    ids = inside(a_library)
    contract = Contract(client)

    for who in random.sample([client, member], k=2):
        for path in ("loans", f"loans/{ids['closed']}", f"loans/{ids['open']}"):
            contract.hold(who, "GET", path)
    contract.hold(client, "GET", "loans/history")
    contract.hold(member, "POST", f"loans/{ids['open']}/return")
    contract.hold(member, "POST", "loans", json={"copy_id": ids["lent"], "user_id": ids["user"]})
    contract.hold(client, "GET", "admin/overdue")


@pytest.mark.about("app/schemas/loan.py")
def test_what_is_said_of_loans_is_no_more_than_true(client):
    from jsonschema import Draft202012Validator

    schemas = read_document(client)["components"]["schemas"]
    loan = schemas["Loan"]["properties"]
    nullable = sorted(name for name, each in loan.items() if "null" in str(each.get("type")))
    assert nullable == ["returned_at"], "of a loan, what may be null"
    book = loan.get("book", {}).get("properties", {})
    assert sorted(book) == ["id", "title"], "of the book of a loan, what goes out, as before"
    whom = schemas["Overdue"]["properties"]["items"]["items"].get("properties", {})
    said = ["due_at", "email", "id", "loans", "name"]
    assert sorted(whom) == said, "of somebody who has to be reminded, what goes out, as before"
    for name, each in (*loan.items(), *whom.items()):
        rule = Draft202012Validator(each, format_checker=Draft202012Validator.FORMAT_CHECKER)
        bad = [example for example in each.get("examples", []) if not rule.is_valid(example)]
        assert bad == [], f"an example of {name} is no value that the document allows"


@pytest.mark.about("app/schemas/loan.py")
def test_what_comes_in_for_a_loan_stays(inside):
    loan = {"copy_id": random.randrange(1, 99), "user_id": random.randrange(1, 99)}
    moments = ["borrowed_at", "due_at", "returned_at"]
    made_here = {
        "id": 1,
        "book": {"title": "Emma"},
        "renewals": 1,
        "overdue": True,
        **dict.fromkeys(moments, "2026-03-02T10:00:00+00:00"),
    }
    texts = [loan | {name: str(loan[name])} for name in loan]
    missing = [{name: loan[name]} for name in loan]
    bodies = [loan, *texts, *missing, *({**loan, name: value} for name, value in made_here.items())]
    loaded, *refused = inside(load_loans, bodies)

    assert loaded == loan, "a loan is a copy and a user"
    fields = ["copy_id", "user_id", "user_id", "copy_id", *made_here]
    assert refused == [[name] for name in fields], (
        "copy_id and user_id are required, and JSON integers; nothing else comes in"
    )


@pytest.mark.about("app/blueprints/catalog/copies.py")
def test_what_is_said_of_copies_is_true(client, inside):
    ids = inside(a_library)
    contract = Contract(client)
    book, barcode = ids["book"], secrets.token_hex(4).upper()

    paths = [f"books/{book}/copies", f"books/{random.randrange(900, 999)}/copies"]
    read = [contract.hold(client, "GET", path) for path in (*paths, f"copies/{ids['lent']}")]
    assert read == [200, 404, 200], "copies are listed and read as before"
    bodies = ({"barcode": barcode}, {"barcode": barcode}, {"condition": "?"})
    added = [contract.hold(client, "POST", paths[0], json=body) for body in bodies]
    assert added == [201, 409, 422], "adding a copy answers as before"
    removed = [
        contract.hold(client, "DELETE", f"copies/{ids[name]}")
        for name in ("fresh", "fresh", "lent")
    ]
    assert removed == [204, 404, 409], "removing a copy answers as before"
    made = client.post(f"{API}/books/{book}/copies", json={"barcode": secrets.token_hex(5).upper()})
    there = client.get(made.headers.get("Location", ""))
    assert there.json == made.json, "Location leads to the new copy, as before"
    sorts = [f"books/{book}/copies?sort={key}" for key in ("id", "barcode", "condition")]
    listed = [contract.hold(client, "GET", path) for path in sorts]
    assert listed == [200, 200, 200], "copies are sorted by id, barcode or condition, as before"
    copy = f"{API}/copies/{ids['lent']}"
    asked = {"get": "books:read", "delete": "books:write"}
    for method, scope in asked.items():
        said = contract.operation(method, copy).get("security") or []
        needs = [scopes for one in said for scopes in one.values()]
        assert [scope] in needs, f"{method.upper()} {copy} demands {scope}, as before"


@pytest.mark.about("app/blueprints/users.py")
def test_what_is_said_of_users_is_true(client, member, anonymous, inside):
    inside(a_library)
    contract = Contract(client)
    new = {"email": f"{secrets.token_hex(4)}@example.org", "name": "Ada"}
    passwords = {"current_password": "x" * 12, "new_password": secrets.token_hex(8)}

    read = [contract.hold(client, "GET", path) for path in ("users", "users/1", "users/998")]
    assert read == [200, 200, 404], "users are listed and read as before"
    bodies = ({"json": new}, {"json": new}, {"json": {"name": 5}}, {"data": "?"})
    added = [contract.hold(client, "POST", "users", **body) for body in bodies]
    assert added == [201, 409, 422, 415], "adding a user answers as before"
    refused = [
        contract.hold(member, "GET", "users"),
        contract.hold(member, "POST", "users", json=new),
    ]
    assert refused == [403, 403], "a member neither lists nor adds users, as before"
    changed = [
        contract.hold(who, "PUT", "users/me/password", json=passwords)
        for who in (client, member, anonymous)
    ]
    assert changed == [404, 422, 401], "a program, a wrong password and nobody: refused as before"
    contract.hold(member, "PUT", "users/me/password", json={})
    contract.hold(anonymous, "GET", "users/me")
    said = contract.operation("put", f"{API}/users/me/password")["responses"]
    assert "204" in said, "a password that was changed is answered with 204, as before"
    sorts = [f"users?sort={key}" for key in ("id", "email", "name")]
    listed = [contract.hold(client, "GET", path) for path in sorts]
    assert listed == [200, 200, 200], "users are sorted by id, email or name, as before"
    assert contract.hold(client, "GET", "users/me") == 404, "a program is nobody's account"
    assert contract.hold(member, "GET", "users/me") == 200, "a member reads who they are"
