"""Exercise 5.5: sub-resources, many at once, and conditions."""

import random
import secrets

import pytest

API = "/api/v1"


def tags_of(versions: list[int]) -> list[str | None]:
    from flask import Response

    from app.conditional import tag

    stamped = []
    for version in versions:
        response = Response()
        tag(response, version)
        stamped.append(response.headers.get("ETag"))
    return stamped


def checked(version: int, cases: list[list[object]]) -> list[str]:
    """What ``check_version`` raises for each ``If-Match`` and ``needed``: its name, or nothing."""
    from flask import current_app

    from app.conditional import check_version
    from app.errors import ApiError

    raised = []
    for sent, needed in cases:
        headers = {} if sent is None else {"If-Match": sent}
        with current_app.test_request_context("/", method="PUT", headers=headers):
            try:
                check_version(version, needed)
                raised.append("")
            except ApiError as error:
                raised.append(type(error).__name__)
    return raised


def plant() -> None:
    """A view that answers with the status and the ETag that it is asked for."""
    from flask import Response, current_app, request

    from app.auth.guards import public

    @public
    def show() -> Response:
        response = Response("the body", int(request.args["status"]))
        if "tag" in request.args:
            response.headers["ETag"] = request.args["tag"]
        response.headers["Cache-Control"] = "private, max-age=7"
        response.headers["Link"] = '</next>; rel="next"'
        response.headers["Vary"] = "Accept"
        return response

    current_app.add_url_rule("/planted", "planted", show, methods=["GET", "POST"])


def a_book() -> dict[str, object]:
    import world

    author = world.add_author()
    isbn13 = "9780140309577"
    book = world.add_book("Pippi", isbn13=isbn13, author_ids=[author])
    return {"id": book, "isbn13": isbn13, "author_ids": [author]}


def shelves(here: int, elsewhere: int) -> dict[str, object]:
    """Two books with copies: the id of the first, and the barcodes of both."""
    import world

    book, other = world.add_book(), world.add_book()
    copies = [world.add_copy(book) for _ in range(here)]
    others = [world.add_copy(other) for _ in range(elsewhere)]
    codes = {copy["id"]: copy["barcode"] for copy in world.rows("copies")}
    return {
        "book": book,
        "other": other,
        "here": [codes[copy] for copy in copies],
        "elsewhere": [codes[copy] for copy in others],
    }


def stored_copies() -> list[dict[str, object]]:
    import world

    return world.rows("copies")


def forget() -> None:
    import world

    world.forget_statements()


def counted() -> dict[str, int]:
    """How many statements ran: those that read, and the commits."""
    import world

    ran = world.statements()
    reads = sum(sql.lstrip().upper().startswith(("SELECT", "WITH")) for sql in ran)
    return {"reads": reads, "commits": ran.count("COMMIT")}


def add_while_others_do(
    book: int, items: list[dict[str, str]], theirs: list[list[object]]
) -> object:
    """Add copies; after the look-up, before the first write, somebody else has added theirs."""
    from sqlalchemy import event
    from sqlalchemy.exc import SQLAlchemyError

    from app.errors import ApiError
    from app.extensions import db
    from app.services.bulk import add_copies

    waiting = [theirs]

    def intrude(_connection: object, cursor: object, statement: str, *_: object) -> None:
        if waiting and not statement.startswith(("SELECT", "BEGIN")):
            connection = cursor.connection  # the driver's: SQLAlchemy hears nothing of it
            connection.execute("COMMIT")
            sql = "INSERT INTO copies (book_id, barcode, condition) VALUES (?, ?, 'worn')"
            connection.executemany(sql, waiting.pop())
            connection.execute("BEGIN IMMEDIATE")

    event.listen(db.engine, "before_cursor_execute", intrude)
    try:
        found = add_copies(book, items)
    except (ApiError, SQLAlchemyError) as error:
        return type(error).__name__
    finally:
        event.remove(db.engine, "before_cursor_execute", intrude)
    told = []
    for one in found:
        copy, error = one.get("copy"), one.get("error")
        told.append([one.get("outcome"), copy and copy.condition, error and error.code, [*one]])
    return told


def loaded_by_adding(book: int, items: list[dict[str, str]]) -> list[str]:
    """The barcodes of the copies that are loaded while copies of a book are added."""
    from sqlalchemy import event

    from app.extensions import db
    from app.models import Copy
    from app.services.bulk import add_copies

    loaded: list[str] = []

    def note(copy: Copy, *_: object) -> None:
        loaded.append(copy.__dict__.get("barcode", "without a barcode"))

    db.session.expunge_all()
    event.listen(Copy, "load", note)
    try:
        add_copies(book, items)
    finally:
        event.remove(Copy, "load", note)
    return loaded


def told_to_postgresql(book: int, barcode: str) -> list[str]:
    """What PostgreSQL hears when a copy of a book is added."""
    import world
    from app.services.bulk import add_copies

    with world.told_to_postgresql() as said:
        add_copies(book, [{"barcode": barcode, "condition": "good"}])
    return said


def somebody_removes(book: int) -> None:
    """Have somebody else remove the book right before a copy of it is written."""
    import world

    world.slip_in("INSERT INTO copies", f"DELETE FROM books WHERE id = {book}")  # noqa: S608


def loans_of_two() -> dict[str, object]:
    import world

    me, other = world.person("member"), world.add_user()
    mine = [world.add_loan(user_id=me, borrowed=9, due=n, returned=n + 1) for n in (3, 1, 2)]
    mine.append(world.add_loan(user_id=me))
    return {
        "me": me,
        "other": other,
        "nobody": other + 1000,
        "mine": mine,
        "theirs": [world.add_loan(user_id=other)],
        "headers": world.bearer(str(me), "books:read"),
    }


def contracts_of_users() -> dict[str, list[object]]:
    """What each view of the users demands, takes and gives."""
    from flask import current_app

    from app.auth.guards import RULE
    from app.openapi.contracts import contract_of

    found = {}
    for endpoint, view in current_app.view_functions.items():
        if endpoint.startswith("users."):
            contract = contract_of(view)
            takes = sorted(type(schema).__name__ for schema in contract.takes.values())
            gives = type(contract.gives).__name__ if contract.gives else None
            demands = sorted(getattr(view, RULE, ["nobody said"]))
            found[endpoint] = [demands, takes, gives, contract.status, contract.errors]
    return {
        name: [*facts[:4], {str(k): v for k, v in facts[4].items()}]
        for name, facts in found.items()
    }


def code_of(answer):
    return (answer.json or {}).get("code") if answer.is_json else None


def word():
    return secrets.token_hex(4)


@pytest.mark.about("app/conditional.py")
def test_a_version_is_a_tag(client, inside):
    versions = [7, *random.sample(range(10, 10_000), k=3)]
    for version, tag in zip(versions, inside(tags_of, versions), strict=True):
        assert tag == f'"{version}"', f"version {version} has another ETag"
    book = inside(a_book)["id"]
    answer = client.get(f"{API}/books/{book}")
    assert answer.headers.get("ETag") == '"1"', "the ETag of a new book"
    answer = client.get(f"{API}/books/{book}", headers={"If-None-Match": '"1"'})
    got = (answer.status_code, answer.headers.get("ETag"), answer.text)
    assert got == (304, '"1"', ""), "a book that the client has: status, ETag and body"


@pytest.mark.about("app/conditional.py")
def test_what_has_been_seen_is_there_or_not(inside):
    version = random.randrange(10, 99)
    failed, required = "PreconditionFailed", "PreconditionRequired"
    cases = {
        f'"{version}"': "",
        f'"{version + 1}", "{version}"': "",
        "*": "",
        f'"{version + 1}"': failed,
        f'"{version}0"': failed,
        f'"{version // 10}", "x{version}"': failed,
        f'W/"{version}"': failed,
    }
    asked = [[sent, needed] for sent in cases for needed in (True, False)]
    asked += [[sent, needed] for sent in (None, "") for needed in (True, False)]
    for (sent, needed), got in zip(asked, inside(checked, version, asked), strict=True):
        expected = cases.get(sent, required if needed else "") if sent else required * needed
        assert got == expected, (
            f"it is version {version}, the client sent If-Match: {sent}, which is"
            f" {'needed' if needed else 'not needed'}: what check_version raises, if anything"
        )


@pytest.mark.about("app/conditional.py")
def test_nobody_overwrites_what_they_have_not_read(client, inside):
    book = inside(a_book)
    path = f"{API}/books/{book['id']}"

    def put(title, **headers):
        body = {"title": title, "isbn13": book["isbn13"], "author_ids": book["author_ids"]}
        return client.put(path, json=body, headers=headers)

    first, second = word(), word()
    blind = put(word())
    assert (blind.status_code, code_of(blind)) == (428, "precondition_required"), (
        "a replacement that says neither If-Match nor a version"
    )
    assert put(first, **{"If-Match": '"1"'}).status_code == 200, "what was read is what is there"
    stale = put(second, **{"If-Match": '"1"'})
    assert (stale.status_code, code_of(stale)) == (412, "precondition_failed"), (
        "a replacement of a version that is not there any more"
    )
    now = client.get(path)
    kept = (now.json.get("title"), now.headers.get("ETag"))
    assert kept == (first, '"2"'), "a refused replacement changes nothing"
    states = []
    for _ in range(2):
        answer = put(second, **{"If-Match": "*"})
        assert answer.status_code == 200, "If-Match: * is any version"
        states.append({**answer.json, "version": None})
    assert states[0] == states[1], "the same PUT twice is one state"

    gone = client.delete(path, headers={"If-Match": '"2"'})
    assert (gone.status_code, code_of(gone)) == (412, "precondition_failed"), (
        "a removal of a version that is not there any more"
    )
    assert client.get(path).status_code == 200, "a refused removal removes nothing"
    assert client.delete(path).status_code == 204, "a removal needs no If-Match"


@pytest.mark.about("app/conditional.py")
def test_what_the_client_has_is_not_sent_again(client, inside):
    inside(plant)
    tag = word()
    same = [f'"{tag}"', f'W/"{tag}"', f'"{word()}", W/"{tag}"', "*"]
    for method, current in (("GET", f'"{tag}"'), ("HEAD", f'W/"{tag}"')):
        for sent in same:
            answer = client.open(
                "/planted",
                method=method,
                query_string={"status": 200, "tag": current},
                headers={"If-None-Match": sent},
            )
            what = f"{method} of what has the ETag {current}, with If-None-Match: {sent}"
            assert answer.status_code == 304, what
            assert answer.data == b"", f"{what}: a 304 has no body"
            for header, value in (
                ("ETag", current),
                ("Cache-Control", "private, max-age=7"),
                ("Link", '</next>; rel="next"'),
                ("Vary", "Accept"),
            ):
                got = answer.headers.get(header, "")
                kept = value in got if header == "Vary" else value == got
                assert kept, f"{what}: a 304 keeps {header}: {value}, and this one has {got!r}"


@pytest.mark.about("app/conditional.py")
def test_everything_else_is_sent(client, inside):
    inside(plant)
    tag = word()
    other, same = f'"{tag}0"', f'"{tag}"'
    for method, query, sent, why in (
        ("GET", {"status": 200, "tag": same}, other, "another ETag than is there"),
        ("GET", {"status": 200, "tag": same}, None, "no If-None-Match"),
        ("GET", {"status": 200}, "*", "an answer without an ETag"),
        ("GET", {"status": 404, "tag": same}, same, "a 404"),
        ("GET", {"status": 203, "tag": same}, "*", "a 203"),
        ("POST", {"status": 200, "tag": same}, same, "a POST"),
    ):
        headers = {} if sent is None else {"If-None-Match": sent}
        answer = client.open("/planted", method=method, query_string=query, headers=headers)
        got = (answer.status_code, answer.text)
        assert got == (query["status"], "the body"), f"{why}: nothing is left out"


def bulk(client, book, items):
    answer = client.post(f"{API}/books/{book}/copies/bulk", json={"items": items})
    return answer.status_code, ((answer.json or {}).get("items") or [])


def told(outcomes):
    """What became of each, without ids: outcome, barcode, condition, and the code of the error."""
    found = []
    for one in outcomes:
        copy, error = one.get("copy") or {}, one.get("error") or {}
        what = (one.get("outcome"), copy.get("barcode"), copy.get("condition"), error.get("code"))
        found.append(what)
    return found


@pytest.mark.about("app/services/bulk.py", "add_copies")
def test_each_copy_is_answered_in_its_place(client, inside):
    there = inside(shelves, 3, 2)
    new = [f"NEW-{word().upper()}" for _ in range(4)]
    twice = f"TWICE-{word().upper()}"
    cases = [
        ({"barcode": code, "condition": "new"}, ("created", code, "new", None)) for code in new
    ]
    cases += [
        ({"barcode": code, "condition": "worn"}, ("unchanged", code, "good", None))
        for code in there["here"]
    ]
    cases += [
        ({"barcode": code}, ("refused", None, None, "barcode_taken")) for code in there["elsewhere"]
    ]
    for wrong in ({"barcode": "small letters"}, {"condition": "new"}, {"barcode": twice, "id": 1}):
        cases.append((wrong, ("refused", None, None, "validation_failed")))
    random.shuffle(cases)
    # One barcode two times: the first that can be added is, the second finds it there.
    place = random.randrange(len(cases))
    cases.insert(place, ({"barcode": twice, "condition": "worn"}, ("created", twice, "worn", None)))
    cases.append(({"barcode": twice, "condition": "new"}, ("unchanged", twice, "worn", None)))

    status, outcomes = bulk(client, there["book"], [item for item, _ in cases])
    assert status == 200, "some of many cannot be added: the request as a whole is answered"
    assert len(outcomes) == len(cases), "one outcome for each item"
    for (item, expected), got in zip(cases, told(outcomes), strict=True):
        assert got == expected, (
            f"what became of {item}, in its place: outcome, the copy's barcode and condition, and"
            " the code of the error"
        )
    for (item, expected), got in zip(cases, outcomes, strict=True):
        if expected[3] == "validation_failed":
            alone = client.post(f"{API}/books/{there['book']}/copies", json=item).json or {}
            error = got.get("error") or {}
            assert error.get("details") == alone.get("details"), (
                f"what is wrong with {item}: error is the item itself, and says what it says of one"
                " copy that is sent alone"
            )
    stored = inside(stored_copies)
    written = [copy["barcode"] for copy in stored if copy["barcode"] in {*new, twice}]
    assert written == sorted(written), (
        "the new copies, as they were written: in the order of their barcodes, or two requests wait"
        " for each other for ever, each for a barcode that the other one has written already"
    )
    books = {copy["barcode"]: copy["book_id"] for copy in stored}
    expected = dict.fromkeys([*new, twice, *there["here"]], there["book"])
    expected |= dict.fromkeys(there["elsewhere"], there["other"])
    assert books == expected, "the copies that are stored, each with its book"


@pytest.mark.about("app/services/bulk.py", "add_copies")
def test_the_same_again_changes_nothing(client, inside):
    there = inside(shelves, 1, 1)
    codes = [word().upper() for _ in range(5)]
    items = [{"barcode": code, "condition": "worn"} for code in [*codes, *there["elsewhere"]]]
    status, first = bulk(client, there["book"], items)
    stored = inside(stored_copies)
    again, second = bulk(client, there["book"], random.sample(items, k=len(items)))

    assert (status, again) == (200, 200), "the request, and the same again"
    assert inside(stored_copies) == stored, "the same request again changed what is stored"
    unchanged = [one.get("outcome") for one in second]
    assert sorted(unchanged) == ["refused"] + ["unchanged"] * 5, "the outcomes, the second time"
    ids = [{(one.get("copy") or {}).get("id") for one in each} for each in (first, second)]
    assert ids[0] == ids[1], "the second time the answer holds the same copies"


@pytest.mark.about("app/services/bulk.py", "add_copies")
def test_a_hundred_cost_no_more_questions_than_two(client, inside):
    there = inside(shelves, 8, 0)
    counts = {}
    for size in (2, 8):
        new = [{"barcode": word().upper()} for _ in range(size)]
        old = [{"barcode": code} for code in there["here"][:size]]
        inside(forget)
        status, _ = bulk(client, there["book"], new + old)
        assert status == 200, f"{2 * size} copies at once"
        counts[size] = inside(counted)
    assert counts[8]["reads"] <= counts[2]["reads"], (
        f"4 copies took {counts[2]['reads']} statements that read, 16 took"
        f" {counts[8]['reads']}: look for all of them at once, also after the commit"
    )
    assert counts[8]["commits"] == 1, "all that can be stored is committed once, together"

    new, old = word().upper(), there["here"][0]
    items = [{"barcode": code, "condition": "good"} for code in (new, old)]
    loaded = inside(loaded_by_adding, there["book"], items)
    others = {code for code in loaded if code not in {new, old}}
    assert not others, (
        f"two copies were sent, and {len(others)} were loaded that nobody has named: a library has"
        " a million; ask for the barcodes that came"
    )


@pytest.mark.about("app/services/bulk.py", "add_copies")
def test_another_request_does_the_same_at_the_same_moment(inside):
    there = inside(shelves, 1, 0)
    ours = [word().upper() for _ in range(3)]
    same, foreign = word().upper(), word().upper()
    cases = [(code, ["created", "good", None]) for code in ours]
    cases += [(same, ["unchanged", "worn", None]), (foreign, ["refused", None, "barcode_taken"])]
    random.shuffle(cases)
    items = [{"barcode": code, "condition": "good"} for code, _ in cases]
    theirs = [[there["book"], same], [there["other"], foreign]]

    found = inside(add_while_others_do, there["book"], items, theirs)
    assert isinstance(found, list), (
        f"another request added two of the barcodes after we looked: add_copies raised {found},"
        " where each item has an answer of its own"
    )
    assert len(found) == len(cases), "one outcome for each item"
    for (code, expected), (*got, keys) in zip(cases, found, strict=True):
        assert sorted(keys) == ["copy", "error", "outcome"], (
            "what is not named in an outcome is None"
        )
        what = {"created": "nobody else added", "unchanged": "it added for this book"}
        said = what.get(expected[0], "it added for another book")
        assert got == expected, (
            f"after we looked and before we wrote, another request came: {code}, which {said}"
        )
    stored = [copy["barcode"] for copy in inside(stored_copies)]
    expected = sorted([*there["here"], *ours, same, foreign])
    assert sorted(stored) == expected, "what is stored after two requests at once"


@pytest.mark.about("app/services/bulk.py", "add_copies")
def test_many_have_a_book_and_are_a_hundred(client, inside):
    there = inside(shelves, 0, 0)
    status, _ = bulk(client, there["other"] + 1, [{"barcode": word().upper()}])
    assert status == 404, "copies of a book that is not there"
    status, _ = bulk(client, there["other"] + 1, [{"barcode": "small letters"}])
    assert status == 404, "copies that do not fit, of a book that is not there"
    for size in (0, 101):
        status, _ = bulk(client, there["book"], [{"barcode": word().upper()}] * size)
        assert status == 422, f"{size} copies at once"
    assert inside(stored_copies) == [], "a refused request stores nothing"

    # Who locks the book cannot be overtaken. SQLite has no such locks: this is a false alarm then.
    said = inside(told_to_postgresql, there["book"], word().upper())
    locked = any("FROM books" in sql and " FOR " in sql for sql in said)
    if not locked:
        inside(somebody_removes, there["other"])
        status, _ = bulk(client, there["other"], [{"barcode": word().upper()}])
        assert status == 404, "somebody removed the book right before its copies were written"
    status, outcomes = bulk(client, there["book"], [{"condition": "new"}])
    assert [status, *told(outcomes)] == [200, ("refused", None, None, "validation_failed")], (
        "one copy, which does not fit"
    )


@pytest.mark.about("app/blueprints/users.py", "list_loans_of")
def test_a_user_has_loans(member, librarian, client, inside):
    ids = inside(loans_of_two)
    mine, theirs = f"{API}/users/{ids['me']}/loans", f"{API}/users/{ids['other']}/loans"
    for who, asked, expected, name in (
        (member, mine, ids["mine"], "a member's own loans"),
        (librarian, mine, ids["mine"], "the loans of a member, asked for by a librarian"),
        (librarian, theirs, ids["theirs"], "the loans of another"),
        (client, theirs, ids["theirs"], "the loans of a user, asked for by a program"),
    ):
        answer = who.get(asked)
        assert answer.status_code == 200, f"GET {asked}: {name}"
        page = answer.json
        assert sorted(page) == ["items", "page", "per_page", "total"], f"{name}: a page"
        got = ([item.get("id") for item in page["items"]], page["total"])
        assert got == (expected, len(expected)), f"{name}, open and closed: ids and total"
    whole = librarian.get(f"{API}/loans?per_page=100").json["items"]
    one = librarian.get(theirs).json["items"]
    assert one == [loan for loan in whole if loan["id"] in ids["theirs"]], "a loan, as anywhere"

    pages = [member.get(f"{mine}?sort=-due_at&per_page=2&page={page}") for page in (1, 2)]
    got = [[item["id"] for item in page.json.get("items", [])] for page in pages]
    third, first, second, still_out = ids["mine"]
    assert got == [[still_out, first], [second, third]], "the loans in pages, the last due first"
    assert 'rel="prev"' in pages[1].headers.get("Link", ""), "a page links to the one before"
    assert member.get(f"{mine}?sort=user_id").status_code == 422, "the sort keys of GET /loans"


@pytest.mark.about("app/blueprints/users.py", "list_loans_of")
def test_nobody_learns_who_has_a_card(member, librarian, anonymous, inside):
    ids = inside(loans_of_two)
    other, nobody = (f"{API}/users/{ids[name]}/loans" for name in ("other", "nobody"))
    foreign, missing, absent = member.get(other), member.get(nobody), librarian.get(nobody)
    for answer, what in (
        (foreign, "somebody else's loans, asked for by a member"),
        (missing, "the loans of nobody, asked for by a member"),
        (absent, "the loans of nobody, asked for by a librarian"),
    ):
        got = (answer.status_code, code_of(answer))
        assert got == (404, "not_found"), what
    said = [answer.json["message"] for answer in (foreign, missing)]
    same = [said[0].replace(str(ids["other"]), "…"), said[1].replace(str(ids["nobody"]), "…")]
    assert same[0] == same[1], "to a member, somebody else and nobody are told apart by the message"
    mine = f"{API}/users/{ids['me']}/loans"
    assert anonymous.get(mine).status_code == 401, "a stranger asks for the loans of a user"
    status = anonymous.get(mine, headers=ids["headers"]).status_code
    assert status == 403, "a token without loans:read asks for its owner's loans"


USERS = {
    "users.list_users": [["users:read"], ["PageQuery"], "UserSchema", 200, {}],
    "users.add_user": [
        ["users:write"],
        ["UserSchema"],
        "UserSchema",
        201,
        {"409": ["email_taken"]},
    ],
    "users.get_user": [["users:read"], [], "UserSchema", 200, {}],
    "users.get_myself": [[], [], "UserSchema", 200, {"404": ["not_found"]}],
    "users.change_my_password": [[], ["PasswordSchema"], None, 204, {"404": ["not_found"]}],
}


@pytest.mark.about("app/blueprints/users.py")
def test_all_else_of_the_users_stays(member, librarian, inside):
    found = inside(contracts_of_users)
    for endpoint, expected in USERS.items():
        assert found.get(endpoint) == expected, (
            f"{endpoint}: the scopes it demands, the schemas that come in and go out, the status,"
            " and the errors that it alone can say"
        )
    email = f"{word()}@example.org"
    made = librarian.post(f"{API}/users", json={"email": email, "name": "Noa"})
    there = librarian.get(made.headers.get("Location", ""))
    assert (made.status_code, there.json) == (201, made.json), "a new user, and the same, read"
    total = (librarian.get(f"{API}/users?sort=-id&per_page=1").json or {}).get("items")
    assert total == [made.json], "the list of users, the newest first"
    me = member.get(f"{API}/users/me").json or {}
    assert me.get("role") == "member", "who a member is"
    guess = {
        "current_password": secrets.token_urlsafe(12),
        "new_password": secrets.token_urlsafe(12),
    }
    status = member.put(f"{API}/users/me/password", json=guess).status_code
    assert status == 422, "who does not know their password gets no other one"
