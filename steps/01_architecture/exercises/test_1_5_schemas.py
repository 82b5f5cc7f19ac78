"""Exercise 1.5: schemas accept what is good, name what is not, and tell no more than they must."""

import ast
import json
import random
import secrets
from datetime import UTC, datetime

import pytest

BOOK = "app/schemas/book.py"

BOOKS = "/api/v1/books"
ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def load_by_schema(schema: str, payloads: list[object]) -> list[dict[str, object]]:
    """Each payload loaded by a new schema: what came out, or the fields to blame."""
    from marshmallow import ValidationError

    from app.schemas.book import BookSchema
    from app.schemas.user import UserSchema

    kind = {"book": BookSchema, "user": UserSchema}[schema]
    found: list[dict[str, object]] = []
    for payload in payloads:
        try:
            found.append({"loaded": kind().load(payload)})
        except ValidationError as error:
            found.append({"refused": error.normalized_messages()})
    return found


def load_with_one_schema(payloads: list[object]) -> list[object]:
    from marshmallow import ValidationError

    from app.schemas.book import BookSchema

    schema = BookSchema()
    found: list[object] = []
    for payload in payloads:
        try:
            found.append(schema.load(payload))
        except ValidationError:
            found.append("refused")
    return found


def load_after_new_year(payloads: list[dict[str, object]], years: int) -> dict[str, object]:
    """What a schema says to each payload when its module was imported so many years ago.

    The module is imported anew while the clock can be moved. Beside what it says: whether it
    looked at that clock when it was imported.
    """
    import datetime as dt
    import sys
    import time
    from importlib import import_module
    from unittest.mock import patch

    from marshmallow import ValidationError

    real = dt.datetime
    ahead = looked = 0

    def clock(tz: dt.tzinfo | None = None) -> dt.datetime:
        nonlocal looked
        looked += 1
        moment = real.now(tz)
        return moment.replace(year=moment.year + ahead, day=min(moment.day, 28))

    class Datetime(real):
        now = staticmethod(clock)
        today = staticmethod(clock)
        utcnow = staticmethod(lambda: clock(dt.UTC).replace(tzinfo=None))

    class Date(dt.date):
        today = staticmethod(lambda: clock().date())

    def said(schema: type, payload: dict[str, object]) -> str:
        try:
            schema().load(payload)
        except ValidationError:
            return "refused"
        return "accepted"

    moved = {
        "gmtime": lambda *_: clock(dt.UTC).timetuple(),
        "localtime": lambda *_: clock().timetuple(),
        "strftime": lambda form, *_: clock().strftime(form),
        "time": lambda: clock(dt.UTC).timestamp(),
    }
    mine = {name: module for name, module in sys.modules.items() if name.startswith("app.schemas")}
    with (
        patch.multiple(dt, datetime=Datetime, date=Date),
        patch.multiple(time, **moved),
        patch.dict(sys.modules),
    ):
        for name in mine:
            del sys.modules[name]
        schema = import_module("app.schemas.book").BookSchema
        at_import = looked
        ahead = years
        return {"looked": at_import, "said": [said(schema, payload) for payload in payloads]}


def dump_a_book(values: dict[str, object], authors: list[list[object]]) -> object:
    """A book that carries more than a client should see, as the schema shows it."""
    from types import SimpleNamespace

    from flask import json

    from app.schemas.book import BookSchema

    people = [
        SimpleNamespace(id=identity, name=name, birth_year=birth_year)
        for identity, name, birth_year in authors
    ]
    book = SimpleNamespace(**values, authors=people)
    return json.loads(json.dumps(BookSchema().dump(book), default=vars))


def dump_a_user(values: dict[str, object]) -> object:
    from types import SimpleNamespace

    from flask import json

    from app.schemas.user import UserSchema

    return json.loads(json.dumps(UserSchema().dump(SimpleNamespace(**values))))


def add_authors(names: list[str]) -> list[int]:
    from world import add_author

    return [add_author(name, 1900) for name in names]


def address(endpoint: str) -> str:
    from world import path_of

    return path_of(endpoint)


def isbn(prefix: str = "978") -> str:
    """A random ISBN-13 with a fitting check digit."""
    body = prefix + "".join(random.choice("0123456789") for _ in range(9))
    return body + str(-weighted(body) % 10)


def weighted(digits: str) -> int:
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits))


def isbn_ending_in(digit: str) -> str:
    while not (number := isbn()).endswith(digit):
        pass
    return number


def a_book(**changes: object) -> dict[str, object]:
    return {
        "title": f"The {secrets.token_hex(4)} affair",
        "isbn13": isbn(),
        "published_year": random.randrange(1450, 2020),
        "author_ids": random.sample(range(1, 500), k=random.randrange(1, 5)),
        **changes,
    }


def a_user(**changes: object) -> dict[str, object]:
    word = secrets.token_hex(4)
    return {"email": f"{word}@example.org", "name": f"Ada {word}", **changes}


def without(payload: dict[str, object], *fields: str) -> dict[str, object]:
    return {key: value for key, value in payload.items() if key not in fields}


def loaded_from(found: dict[str, object], what: str) -> dict[str, object]:
    """What came out of load; where nothing did, why not."""
    is_loaded = "loaded" in found
    assert is_loaded, f"{what} was refused: {found['refused']}"
    is_object = isinstance(found["loaded"], dict)
    assert is_object, f"{what} came out of load as {found['loaded']!r}, not as a dict"
    return found["loaded"]


def assert_loaded(found: dict[str, object], expected: dict[str, object], what: str) -> None:
    loaded = loaded_from(found, what)
    for field, value in expected.items():
        assert loaded.get(field) == value, f"{what} came out of load with another {field}"
    assert sorted(loaded) == sorted(expected), f"{what} came out of load with other fields"


def assert_refused(found: dict[str, object], field: str, what: str) -> None:
    outcome = "refused" if "refused" in found else "accepted"
    assert outcome == "refused", f"{what} was accepted by load"
    blamed = sorted(found["refused"])
    assert blamed == [field], f"{what} is the only trouble, but the errors name {blamed}"


def test_a_good_book_comes_out_as_it_came_in(inside):
    books = [a_book() for _ in range(10)]

    for book, found in zip(books, inside(load_by_schema, "book", books), strict=True):
        assert_loaded(found, book, "a good book")


def test_what_lies_at_the_edge_is_accepted(inside):
    this_year = datetime.now(UTC).year
    edges = {
        "a book of 1450": {"published_year": 1450},
        "a book of this year": {"published_year": this_year},
        "a book of next year": {"published_year": this_year + 1},
        "a book of an unknown year": {"published_year": None},
        "a title of 1 letter": {"title": "é"},
        "a title of 200 letters": {"title": "é" * 200},
        "a book by 1 author": {"author_ids": [4]},
        "a book by 20 authors": {"author_ids": random.sample(range(1, 10_000), k=20)},
    }
    books = [a_book(**changes) for changes in edges.values()]
    found = inside(load_by_schema, "book", books)

    for what, book, answer in zip(edges, books, found, strict=True):
        assert_loaded(answer, book, what)


def test_next_year_is_not_written_into_the_code(source):
    next_year = datetime.now(UTC).year + 1
    literals = {
        node.value for node in ast.walk(source(BOOK).tree) if isinstance(node, ast.Constant)
    }
    written = sorted(literals & {next_year, next_year + 1, str(next_year)}, key=str)

    assert written == [], (
        f"{BOOK} says {next_year} where it means next year: true until the end of this year only"
    )


def test_next_year_comes_from_the_clock_of_the_moment(inside):
    years = random.randrange(2, 20)
    next_year = datetime.now(UTC).year + years + 1
    books = [a_book(published_year=next_year), a_book(published_year=next_year + 1)]
    found = inside(load_after_new_year, books, years)

    # Whoever asks another clock than Python's is not judged: it cannot be moved.
    said = found["said"][0] if found["looked"] else "accepted"
    assert said == "accepted", (
        "on New Year's Day a server that has been running refuses a book of the next year: the"
        " year was worked out when the class was made"
    )


def test_a_book_may_come_without_a_year(inside):
    book = without(a_book(), "published_year")
    expected = {**book, "published_year": None}

    assert_loaded(inside(load_by_schema, "book", [book])[0], expected, "a book without a year")


def test_spaces_around_a_title_are_dropped_before_it_is_measured(inside):
    for size in (1, 200):
        title = "é" * size
        sent = a_book(title=f"  {title} ")
        expected = {**sent, "title": title}

        found = inside(load_by_schema, "book", [sent])[0]
        assert_loaded(found, expected, f"a title of {size} letter(s) with spaces around it")


def test_hyphens_and_spaces_in_an_isbn_are_dropped(inside):
    number = isbn()
    a, b, c, d, e = number[:3], number[3], number[4:8], number[8:12], number[12]
    spelled = [f"{a}-{b}-{c}-{d}-{e}", f"{a} {b} {c} {d} {e}", f"{a}-{b}{c} {d}-{e}"]
    found = inside(load_by_schema, "book", [a_book(isbn13=text) for text in spelled])

    for text, answer in zip(spelled, found, strict=True):
        got = loaded_from(answer, f"the ISBN {text!r}").get("isbn13")
        assert got == number, f"{text!r} and {number!r} are one ISBN, kept as its digits"


def test_every_true_isbn_is_accepted(inside):
    numbers = [isbn(prefix) for prefix in ("978", "979") for _ in range(20)]
    numbers += [isbn_ending_in("0"), isbn_ending_in("9")]
    found = inside(load_by_schema, "book", [a_book(isbn13=number) for number in numbers])

    for number, answer in zip(numbers, found, strict=True):
        loaded_from(answer, f"{number} is an ISBN-13: it")


def mistyped(number: str) -> list[str]:
    """Every ISBN that differs in one digit, and every swap of neighbours that shows."""
    texts = [
        number[:place] + digit + number[place + 1 :]
        for place in range(13)
        for digit in "0123456789"
        if digit != number[place]
    ]
    for place in range(12):
        one, two = number[place : place + 2]
        if (int(one) - int(two)) % 5:  # a difference of 5 is what the sum cannot see
            texts.append(number[:place] + two + one + number[place + 2 :])
    return texts


def test_a_mistyped_isbn_is_refused(inside):
    number = isbn(random.choice(["978", "979"]))
    texts = mistyped(number)
    found = inside(load_by_schema, "book", [a_book(isbn13=text) for text in texts])

    for text, answer in zip(texts, found, strict=True):
        assert_refused(answer, "isbn13", f"{text}, a slip of the finger away from {number},")


@pytest.mark.parametrize("kind", ["length", "prefix", "letters", "other_digits"])
def test_what_is_no_isbn_is_refused(inside, kind):
    number = isbn()
    texts = {
        "length": [number[:12], number + "0", "0306406152", "", "-" * 13],
        "prefix": [isbn("977"), isbn("980"), isbn("123")],
        "letters": [number[:-1] + "X", ".".join(number), f"ISBN {number}"],
        # isdigit() is true of these too, and int() understands them.
        "other_digits": [
            number[:3] + number[3:].translate(ARABIC_INDIC),
            number[:3] + number[3:].translate(FULL_WIDTH),
            number.translate(FULL_WIDTH),
        ],
    }[kind]
    found = inside(load_by_schema, "book", [a_book(isbn13=text) for text in texts])

    for text, answer in zip(texts, found, strict=True):
        assert_refused(answer, "isbn13", f"the ISBN {text!r}")


TEXT = [None, True, 12, 3.5, ["a text"], {"a": 1}]
BAD = {
    "title": [*TEXT, "", "   ", "x" * 201],
    "isbn13": [*TEXT, 9780192717610, "a text"],
    "published_year": [1449, -1984, 12, datetime.now(UTC).year + 2],
    "published_year_of_another_type": ["1999", 1999.0, 1999.5, True, "", ["a"], {"a": 1}],
    "author_ids": [[], list(range(1, 22)), [7, 8, 7], None, 7, "7", {"7": 1}],
    "author_ids_of_another_type": [["7"], [7.0], [7.5], [True], [None], [[7]]],
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_refused(inside, case):
    field = case.removesuffix("_of_another_type")
    found = inside(load_by_schema, "book", [a_book(**{field: value}) for value in BAD[case]])

    for value, answer in zip(BAD[case], found, strict=True):
        assert_refused(answer, field, f"{field} = {short(value)}")


def short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) < 40 else f"{text[:36]}…"


def test_all_that_is_missing_is_named_at_once(inside):
    found = inside(load_by_schema, "book", [{}])[0]

    blamed = sorted(found.get("refused", []))
    assert blamed == ["author_ids", "isbn13", "title"], (
        "each required field that is missing is named"
    )


@pytest.mark.parametrize("schema", ["book", "user"])
def test_an_unknown_field_is_refused(inside, schema):
    field = f"x_{secrets.token_hex(3)}"
    payload = {**(a_book() if schema == "book" else a_user()), field: "anything"}
    found = inside(load_by_schema, schema, [payload])[0]

    assert_refused(found, field, f"a {schema} with the unknown field {field}")


@pytest.mark.parametrize(
    ("schema", "field", "value"),
    [
        ("book", "id", 7),
        ("book", "authors", []),
        ("book", "authors", [{"name": "Ada"}]),
        ("user", "id", 7),
        ("user", "role", "librarian"),
    ],
    ids=["book_id", "book_no_authors", "book_authors", "user_id", "user_role"],
)
def test_what_only_goes_out_does_not_come_in(inside, schema, field, value):
    payload = {**(a_book() if schema == "book" else a_user()), field: value}
    found = inside(load_by_schema, schema, [payload])[0]

    assert_refused(found, field, f"a {schema} that brings its own {field}")


@pytest.mark.parametrize("schema", ["book", "user"])
def test_a_body_that_is_no_object_is_refused(inside, schema):
    bodies = [[], ["a"], "a text", 12, None]

    for body, found in zip(bodies, inside(load_by_schema, schema, bodies), strict=True):
        is_refused = "refused" in found
        assert is_refused, f"the body {short(body)} is no object, and load accepted it"
        blamed = sorted(found["refused"])
        assert blamed == ["_schema"], (
            f"the body {short(body)} is wrong as a whole: marshmallow calls that _schema, and the"
            f" errors name {', '.join(map(str, blamed))}"
        )


def test_one_schema_loads_many_books(inside):
    books = [a_book(), a_book(isbn13="978"), a_book()]
    found = inside(load_with_one_schema, books)

    kept = [book if book == "refused" else "loaded" for book in found]
    assert kept == ["loaded", "refused", "loaded"], "one BookSchema() loads good, bad, good"
    assert [found[0], found[2]] == [books[0], books[2]], (
        "one BookSchema() that loads two books mixes them up: each load must stand for itself"
    )


def test_a_book_goes_out_as_the_contract_says(inside):
    values = {
        "id": random.randrange(1, 500),
        "title": secrets.token_hex(5),
        "isbn13": isbn(),
        "published_year": random.choice([None, 1987]),
    }
    people = [[random.randrange(1, 99), secrets.token_hex(4), 1907] for _ in range(3)]
    extra = {"author_ids": [row[0] for row in people], "shelf_mark": "in the cellar"}
    dumped = inside(dump_a_book, {**values, **extra}, people)

    got = dumped if isinstance(dumped, dict) else {}
    is_shown = "author_ids" in got
    assert not is_shown, "author_ids comes in and never goes out; dump shows it"
    shown = got.get("authors")
    expected = [{"id": identity, "name": name} for identity, name, _ in people]
    assert shown == expected, "each author goes out as id and name, in order, and nothing else"
    assert got == {**values, "authors": expected}, "dump gives the contract's fields, no more"


def test_a_user_goes_out_as_the_contract_says(inside):
    values = {
        **a_user(),
        "id": random.randrange(1, 500),
        "role": random.choice(["member", "admin"]),
    }
    dumped = inside(dump_a_user, {**values, "password_hash": secrets.token_hex(8)})

    assert dumped == values, "dump gives the contract's fields of a user, no more and no less"


def test_a_good_user_comes_out_as_it_came_in(inside):
    users = [
        a_user(),
        a_user(name="x"),
        a_user(name="é" * 100),
        a_user(email="a.b+c@mail.example.org"),
    ]
    found = inside(load_by_schema, "user", users)

    for user, answer in zip(users, found, strict=True):
        assert_loaded(answer, user, f"a good user, {user['email']},")


def test_an_address_may_have_254_characters(inside):
    sent = a_user(email=f" {long_address(254)}  ")
    expected = {**sent, "email": long_address(254)}

    assert_loaded(inside(load_by_schema, "user", [sent])[0], expected, "an address of 254 letters")


def test_one_address_is_spelled_in_one_way(inside):
    word = secrets.token_hex(3)
    sent = [f"{word.upper()}X@Example.ORG", f"  {word}x@example.org ", f" {word}X@EXAMPLE.org"]
    found = inside(load_by_schema, "user", [a_user(email=email) for email in sent])

    for email, answer in zip(sent, found, strict=True):
        got = loaded_from(answer, f"the address {email!r}").get("email")
        assert got == f"{word}x@example.org", (
            f"{email!r} must be kept in small letters without outer spaces, or one person signs up"
            " twice"
        )


def long_address(length: int) -> str:
    """An address of that many characters, none of its parts longer than it may be."""
    domain = ("b" * 60 + ".") * 3 + "example.org"
    return "a" * (length - len(domain) - 1) + "@" + domain


BAD_USERS = {
    "email": [
        "",
        "ada.example.org",
        "@example.org",
        "ada@",
        "ada lovelace@example.org",
        "ada@home@example.org",
        long_address(255),
        *TEXT,
    ],
    "name": ["", "x" * 101, *TEXT],
}


@pytest.mark.parametrize("field", BAD_USERS)
def test_a_bad_value_of_a_user_is_refused(inside, field):
    values = BAD_USERS[field]
    users = [*(a_user(**{field: value}) for value in values), without(a_user(), field)]
    *found, missing = inside(load_by_schema, "user", users)

    for value, answer in zip(values, found, strict=True):
        assert_refused(answer, field, f"{field} = {short(value)}")
    assert_refused(missing, field, f"a user without {field}")


def test_a_good_book_travels_there_and_back(client, inside):
    names = [f"{letter} {secrets.token_hex(3)}" for letter in "BCA"]
    ids = inside(add_authors, names)
    sent = a_book(title="  Momo ", author_ids=ids)
    answer = client.post(BOOKS, json=sent)
    assert answer.status_code == 201, f"a good book was answered with {answer.status_code}, not 201"

    people = [{"id": identity, "name": name} for identity, name in zip(ids, names, strict=True)]
    expected = {**without(sent, "author_ids"), "title": "Momo", "authors": people}
    again = client.get(answer.headers.get("Location", ""))
    for body in (answer.json, again.get_json(silent=True)):
        got = {key: body.get(key) for key in expected} if isinstance(body, dict) else body
        assert got == expected, "the book that goes out is not the one that came in"


def test_a_bad_book_is_answered_with_422(client, inside):
    ids = inside(add_authors, ["Michael Ende"])
    for field in ("title", "isbn13", "published_year", "author_ids", "shelf"):
        sent = a_book(**{"author_ids": ids, field: {"not": "this"}})
        answer = client.post(BOOKS, json=sent)

        status = answer.status_code
        assert status == 422, f"a book whose {field} is an object got {status}, not 422"
        assert field in answer.text, f"the answer does not name the field {field}"


def test_one_person_signs_up_once(client, inside):
    path = inside(address, "users.add_user")
    word = secrets.token_hex(4)
    first = client.post(path, json=a_user(email=f"{word}@example.org")).status_code
    assert first == 201, f"a good user was answered with {first}, not 201"

    second = client.post(path, json=a_user(email=f" {word.upper()}@Example.org")).status_code
    assert second == 409, f"the same address in capitals was answered with {second}, not 409"


def test_nobody_makes_themselves_a_librarian(client, inside):
    path = inside(address, "users.add_user")
    role = (client.post(path, json=a_user()).get_json(silent=True) or {}).get("role")
    assert role == "member", f"a new user is a member, not {role!r}"

    status = client.post(path, json=a_user(role="librarian")).status_code

    assert status == 422, (
        f"a user who brings the role librarian was answered with {status}, not 422"
    )
