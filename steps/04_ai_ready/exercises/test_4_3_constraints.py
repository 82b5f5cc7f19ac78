"""Exercise 4.3: what the document allows loads, and what loads the document allows."""

import random
import re
import secrets
from datetime import UTC, datetime

import pytest


def shape_of(kind: str, validators: list[list[object]], values: list[object]) -> dict[str, object]:
    """What becomes of a field with these validators, and which values it accepts.

    A validator is its name and its arguments; ``kind`` is the name of a field, or ``list of``
    and one.
    """
    from apispec import APISpec
    from marshmallow import ValidationError, fields, validate

    from app.openapi.shapes import VERSION, Incoming
    from app.schemas.validators import Distinct

    def accepts(value: object) -> bool:
        try:
            field.deserialize(value)
        except ValidationError:
            return False
        return True

    made = []
    for name, arguments in validators:
        made.append((Distinct if name == "Distinct" else getattr(validate, name))(**arguments))
    plain = getattr(fields, kind.removeprefix("list of "))
    if kind.startswith("list of "):
        field = fields.List(plain(), validate=made)
    else:
        field = plain(validate=made)
    shape = Incoming(APISpec("Test", "1", VERSION)).field2property(field)
    return {"shape": shape, "accepts": [accepts(value) for value in values]}


def book_fields() -> dict[str, object]:
    """Of each field the description, the example, and what the field says to it."""
    from marshmallow import ValidationError

    from app.schemas.about import example_of
    from app.schemas.book import BookSchema, BookUpdateSchema

    def refusal(field: object) -> str:
        try:
            field.deserialize(example_of(field))
        except ValidationError as error:
            return str(error)
        return ""

    schema = BookSchema()
    named = dict(schema.fields) | {"the version to replace": BookUpdateSchema().fields["version"]}
    return {
        name: [
            field.metadata.get("description"),
            example_of(field),
            refusal(field) if name != "authors" else "",  # never comes in
        ]
        for name, field in named.items()
    }


def load_examples() -> list[object]:
    """The example of each schema, and what it says to it."""
    from marshmallow import ValidationError

    from app.schemas.about import incoming_example
    from app.schemas.book import BookSchema, BookUpdateSchema

    tried = []
    for schema in (BookSchema(), BookUpdateSchema()):
        example = incoming_example(schema)
        try:
            schema.load(example)
        except ValidationError as error:
            tried.append([example, error.normalized_messages()])
        else:
            tried.append([example, None])
    return tried


def try_books(books: list[dict[str, object]], days: int) -> dict[str, object]:
    """The shape of a book, and what the schema says to each, ``days`` from now."""
    import datetime as module
    import sys
    import time
    from contextlib import ExitStack
    from unittest.mock import patch

    from apispec import APISpec
    from marshmallow import ValidationError

    from app.openapi.shapes import VERSION, Incoming
    from app.schemas.book import BookSchema

    later, real = module.timedelta(days=days), module.datetime

    class LaterDate(module.date):
        @classmethod
        def today(cls):
            return LaterDatetime.now().date()

    class LaterDatetime(module.datetime):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + later

        today = utcnow = now

    def moved(read):
        return lambda seconds=None: read(time.time() if seconds is None else seconds)

    seconds, write = time.time, time.strftime
    clocks = [
        (module, "datetime", LaterDatetime),
        (module, "date", LaterDate),
        (time, "time", lambda: seconds() + later.total_seconds()),
        (time, "gmtime", moved(time.gmtime)),
        (time, "localtime", moved(time.localtime)),
        (time, "strftime", lambda form, at=None: write(form, at or time.localtime())),
    ]
    with ExitStack() as stack:
        # Where a clock is, and wherever the app has it under a name of its own.
        names = [
            (part, name, value)
            for module_name, part in list(sys.modules.items())
            if module_name.startswith("app.")
            for name, value in list(vars(part).items())
        ]
        for place, clock, later_clock in clocks if days else ():
            known = getattr(place, clock)
            stack.enter_context(patch.object(place, clock, later_clock))
            for part, name, value in names:
                if value is known:
                    stack.enter_context(patch.object(part, name, later_clock))
        schema = BookSchema()
        shape = Incoming(APISpec("Test", "1", VERSION)).schema2jsonschema(schema)
        refusals = []
        for book in books:
            try:
                schema.load(book)
            except ValidationError as error:
                refusals.append(error.normalized_messages())
            else:
                refusals.append(None)
    return {"shape": shape, "refusals": refusals}


def load_each(bodies: list[object], update: bool) -> list[object]:
    """What becomes of each: what it loads as, or the fields to blame."""
    from marshmallow import ValidationError

    from app.schemas.book import BookSchema, BookUpdateSchema

    schema = BookUpdateSchema() if update else BookSchema()
    found = []
    for body in bodies:
        try:
            found.append(schema.load(body))
        except ValidationError as error:
            found.append(sorted(error.normalized_messages()))
    return found


def dumped(book: dict[str, object]) -> dict[str, object]:
    from app.schemas.book import BookSchema

    return BookSchema().dump(book)


def is_one(texts: list[str]) -> list[bool]:
    from app.schemas.book import is_isbn13

    return [is_isbn13(text) for text in texts]


def fits(shape, value):
    """Whether JSON Schema, as far as the document uses it, accepts ``value``."""
    number, text, many = is_number(value), isinstance(value, str), isinstance(value, list)
    checks = {
        "type": lambda kinds: type_of(value) in kinds or (number and "number" in kinds),
        "enum": lambda choices: value in choices,
        "not": lambda other: not fits(other, value),
        "allOf": lambda others: all(fits(other, value) for other in others),
        "minimum": lambda end: not number or value >= end,
        "maximum": lambda end: not number or value <= end,
        "exclusiveMinimum": lambda end: not number or value > end,
        "exclusiveMaximum": lambda end: not number or value < end,
        "minLength": lambda end: not text or len(value) >= end,
        "maxLength": lambda end: not text or len(value) <= end,
        "pattern": lambda pattern: not text or found(pattern, value),
        "minItems": lambda end: not many or len(value) >= end,
        "maxItems": lambda end: not many or len(value) <= end,
        "uniqueItems": lambda on: not on or not many or distinct(value),
        "items": lambda item: not many or all(fits(item, one) for one in value),
    }
    try:
        return all(check(shape[word]) for word, check in checks.items() if word in shape)
    except (TypeError, re.error):  # no JSON Schema: nothing fits it
        return False


def type_of(value):
    names = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array"}
    return names.get(type(value), "null")


def is_number(value):
    return type(value) in {int, float}


def distinct(values):
    return all(value not in values[:place] for place, value in enumerate(values))


def found(pattern, text):
    """As ECMAScript reads it: anywhere in the text, ``$`` is the very end, ``\\d`` is 0 to 9."""
    return re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), text, re.ASCII) is not None


def called(name, arguments):
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def assert_agreement(inside, kind, validators, values):
    tried = inside(shape_of, kind, validators, values)
    shape = tried["shape"]
    said = " and ".join(called(*validator) for validator in validators)
    for value, accepted in zip(values, tried["accepts"], strict=True):
        assert fits(shape, value) == accepted, (
            f"{kind} with {said} {'accepts' if accepted else 'refuses'} {value!r},"
            f" the document {'does not' if accepted else 'allows it'}: {shape}"
        )
    return shape


def isbn13(prefix="978"):
    start = prefix + "".join(random.choices("0123456789", k=9))
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(start))
    return start + str(-total % 10)


WIDE = {ord(digit): ord("０") + int(digit) for digit in "0123456789"}
"""Digits of another alphabet."""


def a_book(**changed):
    return {"title": word(), "isbn13": isbn13(), "author_ids": [1], **changed}


def word():
    return secrets.token_hex(4)


@pytest.mark.about("app/schemas/book.py", "class BookSchema")
def test_every_field_of_a_book_is_described(inside):
    for name, (description, example, refusal) in inside(book_fields).items():
        assert isinstance(description, str), f"{name} has no description"
        assert description.strip(), f"{name} has no description"
        assert example is not None, f"{name} has no example"
        assert not refusal, f"the example of {name}, {example!r}, is refused: {refusal}"


@pytest.mark.about("app/schemas/book.py", "class BookSchema")
def test_the_examples_load(client, inside):
    for example, refusal in inside(load_examples):
        assert refusal is None, f"the example {example} is refused: {refusal}"

    author = {"name": word()}
    assert client.post("/api/v1/authors", json=author).status_code == 201, "an author"
    answer = client.post("/api/v1/books", json=inside(load_examples)[0][0] | {"author_ids": [1]})
    assert answer.status_code == 201, f"the example of a book, sent: {answer.text[:300]}"


def test_an_end_that_does_not_count(inside):
    anywhere = secrets.randbelow(100) - 50
    for kind, least in (("Integer", 0), ("Float", -10), ("Integer", anywhere)):
        most = least + 10
        values = [least - 1, least, least + 1, most - 1, most, most + 1]
        ends = {"min": least, "max": most}
        for first in (True, False):
            for last in (True, False):
                ranged = ["Range", {**ends, "min_inclusive": first, "max_inclusive": last}]
                shape = assert_agreement(inside, kind, [ranged], values)
                assert ("minimum" in shape, "maximum" in shape) == (first, last), (
                    "exclusiveMinimum and exclusiveMaximum stand in place of the others"
                )
    below = ["Range", {"max": most, "max_inclusive": False}]
    above = ["Range", {"min": least, "min_inclusive": False}]
    assert_agreement(inside, "Integer", [below], values)
    assert_agreement(inside, "Integer", [below, above], values)
    stricter = ["Range", {"min": least + 1, "max": most - 1}]
    weaker = ["Range", {"min": least - 1, "max": most + 1}]
    same = ["Range", ends]
    for other in (stricter, weaker, same):
        for validators in ([below, above, other], [other, above, below]):
            assert_agreement(inside, "Integer", validators, values)


def test_a_pattern_looks_at_the_beginning_and_is_in_the_words_of_json_schema(inside):
    one, other = word(), word()
    texts = [one, other, f"{one}x", f"x{one}", f"x{other}", f"{other}x", "", f"{one}\n"]
    patterns = [one, f"{one}\\Z", f"{one}|{other}", f"^{one}|{other}", f"(?:{one}|{other})\\Z"]
    for pattern in patterns:
        shape = assert_agreement(inside, "String", [["Regexp", {"regex": pattern}]], texts)
        got = shape.get("pattern")
        assert isinstance(got, str), f"Regexp({pattern!r}) became no pattern"
        assert got.startswith("^"), (
            f"Regexp({pattern!r}) became {got!r}, which does not begin with ^"
        )
        assert r"\Z" not in got, f"Regexp({pattern!r}) became {got!r}: \\Z is Python's alone"


def test_of_several_patterns_each_counts(inside):
    first, second, third = (secrets.choice(letters) for letters in ("abc", "def", "ghi"))
    patterns = [f".*{first}", f".*{second}\\Z", f"[a-i]*{third}"]
    validators = [["Regexp", {"regex": pattern}] for pattern in patterns]
    words = ["", first + second + third, first + third + second, third + second, first + third]

    for count in (2, 3):
        shape = assert_agreement(inside, "String", validators[:count], words)
        assert first in str(shape.get("pattern")), "the first is the pattern"
        assert len(shape.get("allOf", [])) == count - 1, "the others stand under allOf"


def test_what_limits_the_items_stands_at_the_items(inside):
    known, others = [word(), word()], [word(), word()]
    lists = [[], known[:1], known, [known[0], others[0]], others, known[:1] * 2]
    cases = {
        "ContainsOnly": {"choices": known},
        "ContainsNoneOf": {"iterable": others},
        "Distinct": {},
    }
    for name, arguments in cases.items():
        shape = assert_agreement(inside, "list of String", [[name, arguments]], lists)
        assert not {"enum", "not"} & shape.keys(), f"{name} limits the items, not the list: {shape}"
        kind = (shape.get("items") or {}).get("type")
        assert kind == "string", f"{name} adds to what is said of the items: their type stays"
        assert shape.get("uniqueItems", False) == (name == "Distinct"), f"uniqueItems, for {name}"
    together = [[name, arguments] for name, arguments in cases.items()]
    assert_agreement(inside, "list of String", together, lists)


def test_what_is_none_of_these_is_not(inside):
    words, numbers = [word(), word()], random.sample(range(100), 4)
    assert_agreement(inside, "String", [["NoneOf", {"iterable": words}]], [*words, word(), ""])
    assert_agreement(inside, "Integer", [["NoneOf", {"iterable": numbers[:2]}]], numbers)


def test_what_was_right_stays(inside):
    few, many = secrets.randbelow(5) + 2, secrets.randbelow(5) + 8
    texts = ["x" * length for length in (few - 1, few, many, many + 1)]
    assert_agreement(inside, "String", [["Length", {"min": few, "max": many}]], texts)
    assert_agreement(inside, "list of Integer", [["Length", {"equal": 2}]], [[1], [1, 2], [1] * 3])
    assert_agreement(inside, "String", [["OneOf", {"choices": texts[:2]}]], texts)
    ranged = [["Range", {"min": few, "max": many}]]
    assert_agreement(inside, "Integer", ranged, [few - 1, few, many, many + 1])
    assert_agreement(inside, "Integer", [], [few])


def check_books(inside, field, values, days=0):
    """Each value is allowed by the document if and only if it loads; which of them load."""
    tried = inside(try_books, [a_book(**{field: value}) for value in values], days)
    words = {"description", "examples", "default", "writeOnly"}
    shape = tried["shape"].get("properties", {}).get(field, {})
    shape = {word: value for word, value in shape.items() if word not in words}
    loaded = []
    for value, refusal in zip(values, tried["refusals"], strict=True):
        if refusal is None:
            loaded.append(value)
            assert fits(shape, value), f"{field} {value!r} loads, the document refuses it: {shape}"
        else:
            assert not fits(shape, value), (
                f"{field} {value!r} is refused ({refusal}), the document allows it: {shape}"
            )
    return loaded


@pytest.mark.about("app/schemas/book.py", "title =")
def test_a_title_is_more_than_spaces(inside):
    good = ["x", "?", word(), f" {word()} ", f"{word()}\n{word()}", f" \n {word()}", "x" * 200]
    loaded = check_books(inside, "title", [*good, "", " ", " \t\n ", "x" * 201])
    assert loaded == good, "the titles that load"


@pytest.mark.about("app/schemas/book.py", "isbn13 =")
def test_what_an_isbn_looks_like(inside):
    new, old = isbn13("979"), isbn13()
    apart = [f"{old[:3]}-{old[3]}-{old[4:8]}-{old[8:12]}-{old[12]}", " ".join([new[:3], new[3:]])]
    mixed = f"{new[:3]} {new[3:10]}-{new[10:]}"
    good = [new, old, *apart, mixed]
    bad = [
        old[:12],
        new + "0",
        f"977{old[3:]}",
        f"{old[:12]}X",
        f"{old[:3]}_{old[3:]}",
        f"{old[:3]}\t{old[3:]}",
    ]
    odd = ["", old.translate(WIDE)]
    loaded = check_books(inside, "isbn13", [*good, *bad, *odd, f"{old[:3]}.{old[3:]}"])
    assert loaded == good, "the ISBNs that load"


@pytest.mark.about("app/schemas/book.py", "isbn13 =")
def test_only_the_check_digit_is_beyond_the_document(inside):
    good = isbn13()
    wrong = good[:12] + str((int(good[12]) + secrets.randbelow(9) + 1) % 10)
    tried = inside(try_books, [a_book(isbn13=wrong)], 0)

    refused = (tried["refusals"][0] or {}).get("isbn13")
    assert refused, f"{wrong}, whose last digit is wrong, was accepted"
    shape = tried["shape"].get("properties", {}).get("isbn13", {})
    assert fits(shape, wrong), f"JSON Schema cannot know that {wrong} is wrong: {shape}"


@pytest.mark.about("app/schemas/book.py", "class BookSchema")
def test_what_comes_in_stays(inside):
    book = a_book()
    loaded, untidy, *missing = inside(
        load_each,
        [book, book | {"title": f" {book['title']} "}]
        + [{key: book[key] for key in book if key != name} for name in book],
        False,
    )
    assert loaded == book | {"published_year": None}, "a book, and null for a year that is not sent"
    assert untidy == loaded, "spaces around a title are dropped"
    assert missing == [[name] for name in book], "title, isbn13 and author_ids are required"
    names = ["id", "authors", "version", word()]
    refused = inside(
        load_each,
        [book | {name: [] if name == "authors" else 1} for name in names]
        + [[], {**book, "title": 5}],
        False,
    )
    assert refused == [*([name] for name in names), ["_schema"], ["title"]], "what never comes in"
    again, *without = inside(
        load_each,
        [book | {"version": 7}, book, *(book | {"version": one} for one in ("7", 7.5, None))],
        True,
    )
    assert again == loaded | {"version": 7}, "a book that replaces one has a version"
    assert without == [["version"]] * 4, (
        "a book that replaces one must have a version, a JSON integer: without one, with '7',"
        " with 7.5 and with null it is refused"
    )
    read = loaded | {"id": 5, "version": 7}
    author = {"id": 1, "name": word()}
    out = inside(dumped, read | {"authors": [author | {"birth_year": 1914}]})
    del read["author_ids"]
    assert out == read | {"authors": [author]}, "author_ids never goes out, of authors id and name"
    good = book["isbn13"]
    others = [isbn13("977"), good[:12], f"{good}0", f"{good[:12]}X", good.translate(WIDE)]
    assert inside(is_one, [good, *others]) == [True, *(False for _ in others)], (
        f"which of {[good, *others]} is an ISBN: 13 digits, 0 to 9, from 978 or 979"
    )


@pytest.mark.about("app/schemas/book.py", "published_year =")
def test_there_is_one_more_year_each_year(inside):
    next_year = datetime.now(UTC).year + 1
    for years in (0, secrets.randbelow(30) + 2):
        last = next_year + years
        good = [1450, random.randrange(1451, 2000), None, next_year, last]
        days = (datetime(last - 1, 7, 1, tzinfo=UTC) - datetime.now(UTC)).days if years else 0
        loaded = check_books(inside, "published_year", [*good, 1449, -1, last + 1, "1999"], days)
        assert loaded == good, f"the years that load in {last - 1}"


@pytest.mark.about("app/schemas/book.py", "author_ids =")
def test_each_author_once(inside):
    ids = random.sample(range(1, 1000), 21)
    good = [ids[:1], ids[:3], ids[:20]]
    bad = [[], ids, [ids[0], ids[1], ids[0]], ["1"], None]
    assert check_books(inside, "author_ids", [*good, *bad]) == good, "the lists of ids that load"
