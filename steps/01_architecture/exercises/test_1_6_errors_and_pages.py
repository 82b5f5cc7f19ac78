"""Exercise 1.6: every error wears one envelope, every collection comes in pages."""

import random
import re
import secrets
from functools import cmp_to_key
from urllib.parse import parse_qs, quote, urlsplit

import pytest

AUTHORS = "/api/v1/authors"
SNAKE_CASE = re.compile(r"[a-z]+(_[a-z]+)*")


def fill_authors(rows: list[list[object]]) -> None:
    """Authors with these names and years of birth, in this order."""
    from world import add_author

    for name, birth_year in rows:
        add_author(name, birth_year)


def authors() -> list[dict[str, object]]:
    from world import rows

    return rows("authors")


def limit_bodies(size: int) -> None:
    from flask import current_app

    current_app.config["MAX_CONTENT_LENGTH"] = size


def logged() -> str:
    from world import LOG

    return "\n".join(LOG.lines)


def read_envelope(answer) -> dict[str, object]:
    """The envelope of an error, whose parts are there and of the right kind."""
    what = f"{answer.status_code} {answer.request.method} {answer.request.path}"
    assert answer.mimetype == "application/json", (
        f"{what} is no JSON: every error wears the envelope"
    )
    body = answer.get_json(silent=True)
    keys = sorted(body) if isinstance(body, dict) else body
    assert keys == ["code", "details", "message"], (
        f"{what} must carry code, message and details, and nothing else"
    )
    code, message, details = body["code"], body["message"], body["details"]
    assert SNAKE_CASE.fullmatch(str(code)), (
        f"{what}: the code is a word in snake_case, for programs; got {code!r}"
    )
    assert str(message or "").strip(), (
        f"{what}: the message is a sentence for people; got {message!r}"
    )
    assert isinstance(details, list), f"{what}: details is a list, empty or not; got {details!r}"
    return body


def provoke(client, inside, kind: str):
    """The answer to a request that goes wrong in a known way."""
    if kind == "not JSON":
        return client.post(AUTHORS, data="{'name'", content_type="application/json")
    if kind == "not said to be JSON":
        return client.post(AUTHORS, data='{"name": "Ada"}', content_type="text/plain")
    if kind == "too large":
        inside(limit_bodies, 100)
        return client.post(AUTHORS, json={"name": "x" * 150})
    if kind == "invalid":
        return client.post(AUTHORS, json={})
    if kind == "wrong method":
        return client.delete(AUTHORS)
    return client.get(kind)


# Some statuses have had more than one name: for those any word in snake_case will do.
ERRORS = {
    "of_the_body": [
        ("not JSON", 400, "bad_request"),
        ("not said to be JSON", 415, "unsupported_media_type"),
        ("too large", 413, None),
    ],
    "of_the_address": [
        (f"/api/v1/{secrets.token_hex(4)}", 404, "not_found"),
        (f"{AUTHORS}/987654", 404, "not_found"),
        ("wrong method", 405, "method_not_allowed"),
    ],
    "of_the_schema": [("invalid", 422, "validation_failed")],
    "raised_by_us": [
        ("/probe/refuse?kind=Unauthorized&message=who+are+you", 401, "unauthorized"),
        ("/probe/refuse?kind=Conflict&code=shelf_full&message=no+room", 409, "shelf_full"),
        ("/probe/refuse?kind=Unprocessable&field=a&reason=b", 422, "validation_failed"),
        ("/probe/refuse?kind=ApiError&code=out_of_paper&message=sorry", 500, "out_of_paper"),
    ],
    "by_abort": [
        ("/probe/challenge?scheme=basic", 401, "unauthorized"),
        ("/probe/abort?status=403", 403, "forbidden"),
        ("/probe/abort?status=400&description=", 400, "bad_request"),
        ("/probe/abort?status=409", 409, "conflict"),
        ("/probe/abort?status=410", 410, "gone"),
        ("/probe/busy?seconds=30", 429, "too_many_requests"),
        ("/probe/abort?status=503", 503, "service_unavailable"),
    ],
    "by_a_crash": [
        ("/probe/crash?kind=RuntimeError&cause=x", 500, "internal_server_error"),
        ("/probe/abort?status=500", 500, "internal_server_error"),
    ],
}


@pytest.mark.parametrize("case", ERRORS)
def test_every_error_wears_the_envelope(client, inside, case):
    for kind, status, code in ERRORS[case]:
        answer = provoke(client, inside, kind)

        got = answer.status_code
        assert got == status, (
            f"{answer.request.method} {answer.request.path} answered {got}, not {status}"
        )
        said = read_envelope(answer)["code"]
        assert said == (code or said), f"the code of a {status} is {said!r}, not {code!r}"


def test_each_success_has_its_status(client):
    name, isbn13 = secrets.token_hex(4), "9780192717610"
    author = client.post(AUTHORS, json={"name": name})
    assert author.status_code == 201, (
        f"a new author was answered with {author.status_code}, not 201"
    )
    ids = [author.json["id"]]

    sent = {"title": name, "isbn13": isbn13, "author_ids": ids}
    book = client.post("/api/v1/books", json=sent)
    assert book.status_code == 201, f"a new book was answered with {book.status_code}, not 201"
    place = book.headers["Location"]
    read = client.get(place).status_code
    assert read == 200, f"GET {place} answered {read}, not 200"
    taken = client.post("/api/v1/books", json=sent)
    assert taken.status_code == 409, f"the same ISBN again gave {taken.status_code}, not 409"
    assert read_envelope(taken)["code"] == "isbn_taken", (
        "a conflict keeps the code it was raised with"
    )

    gone = client.delete(place)
    assert (gone.status_code, gone.data) == (204, b""), (
        "a deletion is answered with 204 and no body"
    )
    missing = client.get(place)
    assert missing.status_code == 404, f"a deleted book answered {missing.status_code}, not 404"
    assert read_envelope(missing)["code"] == "not_found", "what is gone is not_found"


def test_an_error_of_our_own_arrives_whole(client):
    code = f"code_{random.choice(['one', 'two', 'three'])}"
    message, status = secrets.token_hex(6), random.choice([402, 409, 423])
    path = f"/probe/api-error?status={status}&code={code}&message={message}"
    answer = client.get(path)

    assert answer.status_code == status, f"an ApiError of status {status} gave {answer.status_code}"
    expected = {"code": code, "message": message, "details": [{"field": "a", "reason": "b"}]}
    assert read_envelope(answer) == expected, "code, message and details are the error's own"
    reason = answer.headers.get("X-Reason")
    assert reason == code, "the headers of an ApiError go out with its answer; X-Reason is missing"


def test_a_405_says_what_is_allowed(client):
    answer = client.delete(AUTHORS)

    allowed = re.findall(r"\w+", answer.headers.get("Allow", ""))
    assert sorted(allowed) == ["GET", "HEAD", "OPTIONS", "POST"], (
        "a 405 names the methods that are allowed (Allow); a new response loses the headers of"
        " the error"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/probe/refuse?kind=Unauthorized&message=no", "ApiKey"),
        ("/probe/challenge?scheme=digest", "Digest"),
    ],
    ids=["raised_by_us", "of_http"],
)
def test_a_401_says_how_to_identify(client, path, expected):
    challenge = client.get(path).headers.get("WWW-Authenticate", "")

    assert challenge.partition(" ")[0].lower() == expected.lower(), (
        f"a 401 must keep its header WWW-Authenticate: {expected}"
    )


def test_a_429_says_when_to_come_back(client):
    seconds = random.randrange(2, 500)
    answer = client.get(f"/probe/busy?seconds={seconds}")

    after = answer.headers.get("Retry-After")
    assert after == str(seconds), f"a 429 must keep its Retry-After of {seconds}, got {after!r}"


def test_a_crash_tells_the_client_nothing(client):
    for kind in ("RuntimeError", "KeyError", "OSError"):
        cause = f"password-{secrets.token_hex(5)}"
        answer = client.get(f"/probe/crash?kind={kind}&cause={cause}")

        status = answer.status_code
        assert status == 500, f"a view that crashed was answered with {status}, not 500"
        read_envelope(answer)
        for word in (cause, kind, "Traceback", "world.py"):
            is_told = word in answer.text
            assert not is_told, (
                f"a 500 tells the world {word!r}: the cause is for the log, not for the client"
            )


def test_a_crash_is_in_the_log(client, inside):
    cause = secrets.token_hex(6)
    client.get(f"/probe/crash?kind=RuntimeError&cause={cause}")

    log = inside(logged)
    for word in ("Traceback", cause):
        assert word in log, (
            "a view crashed and the log has no traceback of it: who hides the cause from the"
            " client must keep it for the operator"
        )


def test_a_refusal_is_no_crash_in_the_log(client, inside):
    for path in (
        "/probe/abort?status=403",
        "/probe/refuse?kind=NotFound&message=no",
        AUTHORS + "/98765",
    ):
        client.get(path)

    is_logged = "Traceback" in inside(logged)
    assert not is_logged, "a 403 or 404 filled the log with tracebacks: those are for crashes"


TWO_LEVELS = {"boxes": [{"label": "a", "numbers": [1, "x", 3, "y"]}, {"label": "x" * 21}]}
UNFIT = {
    "a_field": [
        ({}, ["boxes"]),
        ({"boxes": 5}, ["boxes"]),
        ({"boxes": [], "colour": "red"}, ["colour"]),
        ({"boxes": 5, "colour": "red"}, ["boxes", "colour"]),
    ],
    "a_field_within": [
        ({"boxes": [{"label": "a"}, {"label": "x" * 21}]}, ["boxes.1.label"]),
        ({"boxes": [{}, {}]}, ["boxes.0.label", "boxes.1.label"]),
        (TWO_LEVELS, ["boxes.0.numbers.1", "boxes.0.numbers.3", "boxes.1.label"]),
    ],
    "two_reasons": [({"boxes": [{"label": "x" * 21 + "!"}]}, ["boxes.0.label"] * 2)],
    "no_object": [([], ["_schema"]), ("a text", ["_schema"])],
}


@pytest.mark.parametrize("case", UNFIT)
def test_details_name_the_path_of_each_field(client, case):
    for body, fields in UNFIT[case]:
        answer = client.post("/probe/shelves", json=body)

        status = answer.status_code
        assert status == 422, f"a body that fails its schema was answered with {status}, not 422"
        details = read_envelope(answer)["details"]
        shapes = sorted({shape(entry) for entry in details}) or ["no entry at all"]
        assert shapes == ["field and reason, both texts"], (
            "each entry of details is a field and one reason, both texts"
        )
        named = sorted(entry["field"] for entry in details)
        assert named == fields, "details must name each field to correct by its path"


def shape(entry: object) -> str:
    if not isinstance(entry, dict):
        return f"no object but {entry!r}"
    if not {"field", "reason"} <= entry.keys():
        return f"an object with {', '.join(sorted(entry)) or 'nothing'}"
    if not all(isinstance(entry[key], str) and entry[key] for key in ("field", "reason")):
        return f"field and reason, of which one is no text: {entry!r}"
    return "field and reason, both texts"


def some_authors(count: int) -> list[list[object]]:
    """Names and years with many ties, and with years that are not known."""
    names = [secrets.token_hex(2) for _ in range(4)]
    years = [None, *random.sample(range(1400, 2000), k=3)]
    return [[random.choice(names), random.choice(years)] for _ in range(count)]


def in_order(rows: list[dict[str, object]], sort: str) -> list[dict[str, object]]:
    def compare(one: dict[str, object], two: dict[str, object]) -> int:
        for key in [*filter(None, sort.split(",")), "id"]:
            name, sign = key.removeprefix("-"), -1 if key.startswith("-") else 1
            a, b = one[name], two[name]
            if a != b:
                if a is None or b is None:
                    return 1 if a is None else -1
                return sign if a > b else -sign
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def read_page(answer) -> dict[str, object]:
    what = answer.request.full_path.rstrip("?")
    assert answer.status_code == 200, f"GET {what} answered {answer.status_code}, not 200"
    body = answer.get_json(silent=True)
    keys = sorted(body) if isinstance(body, dict) else body
    assert keys == ["items", "page", "per_page", "total"], (
        f"GET {what} must carry items, page, per_page and total, and nothing else"
    )
    assert isinstance(body["items"], list), f"GET {what}: items is a list"
    return body


def read_links(answer) -> dict[str, str]:
    """The header Link: an absolute address for each rel."""
    links: dict[str, str] = {}
    for part in re.split(r",\s*(?=<)", ", ".join(answer.headers.get_all("Link"))):
        found = re.fullmatch(r'<([^>]*)>\s*;.*?\brel\s*=\s*("[^"]+"|\w+)\s*(?:;.*)?', part)
        assert found, f'Link is a list of <address>; rel="word" with commas between, got {part!r}'
        address, words = found.groups()
        for rel in words.strip('"').lower().split():  # one address may have several
            is_new = rel not in links
            assert is_new, f"Link names {rel} twice"
            links[rel] = address
        assert address.startswith("http://localhost/"), (
            f"the addresses in Link are absolute, http://…; got {address!r}"
        )
    return links


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query, keep_blank_values=True)


def page_in(address: str) -> str:
    """The page an address leads to: the first one where it does not say."""
    return "".join(query(address).get("page", ["1"]))


SORTS = {
    "by_default": [""],
    "by_one_key": ["name", "birth_year"],
    "by_one_key_down": ["-name", "-birth_year", "-id"],
    "by_several_keys": ["name,-birth_year", "-birth_year,-name", "birth_year,name,-id"],
}


@pytest.mark.parametrize("case", SORTS)
def test_pages_put_together_are_the_whole_in_order(client, inside, case):
    count = random.randrange(23, 32)
    inside(fill_authors, some_authors(count))
    rows = inside(authors)

    for sort in SORTS[case]:
        size = random.randrange(4, 9)
        path, seen = f"{AUTHORS}?per_page={size}" + (f"&sort={sort}" if sort else ""), []
        last = -(-count // size)
        for number in range(1, last + 1):
            answer = client.get(path)
            page = read_page(answer)
            got = {key: page[key] for key in ("page", "per_page", "total")}
            expected = {"page": number, "per_page": size, "total": count}
            assert got == expected, f"page {number} of {count} rows, {size} to a page, says {got}"
            seen += page["items"]
            path = read_links(answer).get("next")
            assert path or number == last, f"page {number} of {last} has no Link to the next page"
        assert_same(seen, in_order(rows, sort), sort)


def assert_same(seen: list[object], rows: list[dict[str, object]], sort: str) -> None:
    """All pages together are these rows; if not, tell the first that is out of place."""
    said = f"sort={sort}" if sort else "no sort"
    keys = sort.split(",") if sort else ["id"]
    assert len(seen) == len(rows), f"all pages together, {said}, hold a row twice or not at all"
    for place, (got, expected) in enumerate(zip(seen, rows, strict=True), 1):
        values = [[row.get(key.removeprefix("-")) for key in keys] for row in (got, expected)]
        assert values[0] == values[1], (
            f"{said}: place {place} of all pages together must have {' and '.join(keys)}"
            f" {spelled(values[1])}, and has {spelled(values[0])}; a row without a value comes"
            " last, whichever the direction"
        )
        known = {key: got.get(key) for key in expected}  # a later step's items tell more
        assert known == expected, (
            f"{said}: place {place} of all pages together holds another row: equal rows go by id,"
            " ascending"
        )


def spelled(values: list[object]) -> str:
    return " and ".join(map(repr, values))


def test_a_page_has_twenty_rows_when_nobody_says_otherwise(client, inside):
    for count, more in ((0, 0), (1, 1), (19, 18), (20, 1), (21, 1)):
        inside(fill_authors, some_authors(more))
        page = read_page(client.get(AUTHORS))

        size = len(page["items"])
        assert size == min(count, 20), f"the first page of {count} rows holds {size}"
        got = {key: page[key] for key in ("page", "per_page", "total")}
        assert got == {"page": 1, "per_page": 20, "total": count}, f"the first page says {got}"


def test_the_sizes_at_the_edge_are_accepted(client, inside):
    inside(fill_authors, some_authors(101))
    for size in (1, 100):
        got = len(read_page(client.get(f"{AUTHORS}?per_page={size}"))["items"])

        assert got == size, f"per_page={size} of 101 rows gave {got}"


def test_a_page_past_the_end_is_empty(client, inside):
    inside(fill_authors, some_authors(20))
    for page in (3, 4, 17, 1_000_000):
        answer = client.get(f"{AUTHORS}?per_page=10&page={page}")

        body = read_page(answer)
        assert body["items"] == [], f"page {page} of 2 holds rows"
        assert (body["page"], body["total"]) == (page, 20), "the page asked for, and the true total"
        links = {rel: page_in(address) for rel, address in read_links(answer).items()}
        assert links == {"first": "1", "last": "2", "prev": "2"}, (
            f"page {page} of 2: prev leads back to the last page, and there is no next"
        )


def test_links_lead_to_the_pages_there_are(client, inside):
    cases = [
        ("the only page of no rows", 0, 1, {"first": "1", "last": "1"}),
        ("the only page of 5 rows", 5, 1, {"first": "1", "last": "1"}),
        ("page 1 of 6 rows", 1, 1, {"first": "1", "last": "2", "next": "2"}),
        ("page 2 of 10 rows", 4, 2, {"first": "1", "last": "2", "prev": "1"}),
        ("page 2 of 11 rows", 1, 2, {"first": "1", "last": "3", "prev": "1", "next": "3"}),
    ]
    for what, more, page, expected in cases:
        inside(fill_authors, some_authors(more))
        answer = client.get(f"{AUTHORS}?per_page=5&page={page}")
        read_page(answer)

        links = {rel: page_in(address) for rel, address in read_links(answer).items()}
        assert links == expected, f"{what}, 5 to a page, links to the wrong pages"


def test_links_keep_the_rest_of_the_query(client, inside):
    inside(fill_authors, some_authors(9))
    word = f"a&b=c {secrets.token_hex(2)} é>"
    path = f"{AUTHORS}?per_page=3&page=2&sort=-name,id&tag={quote(word)}&tag=two&blank="
    answer = client.get(path)
    read_page(answer)

    links = read_links(answer)
    assert set(links) == {"first", "last", "prev", "next"}, f"page 2 of 3 links to {sorted(links)}"
    kept = {"per_page": ["3"], "sort": ["-name,id"], "tag": [word, "two"], "blank": [""]}
    for rel, address in links.items():
        got = {key: value for key, value in query(address).items() if key != "page"}
        assert got == kept, f"the address for {rel} lost or changed a part of the query"
        path = urlsplit(address).path
        assert path == AUTHORS, f"the address for {rel} leads to {path}, not to {AUTHORS}"


# In order: the last ones are digits, spaces and signs that int() understands as well.
NUMBERS = ["0", "-1", "abc", "", "1.5", "9" * 5000, "１", "²", " 1", "+1", "1_0"]
SORT = ["", "shoe_size", "name,", ",name", "name,shoe_size", "--name", "Name", "name;id"]


@pytest.mark.parametrize(
    ("name", "limit"), [("page", 1_000_000), ("per_page", 100)], ids=["page", "per_page"]
)
def test_a_number_that_makes_no_sense_is_refused(client, name, limit):
    for text in [*NUMBERS, str(limit + 1)]:
        shown = text if len(text) < 20 else f"{text[:4]}… ({len(text)} digits)"
        answer = client.get(f"{AUTHORS}?{name}={quote(text)}")

        assert_names(answer, name, f"{name}={shown}")


def test_a_sort_that_is_not_offered_is_refused(client, inside):
    inside(fill_authors, some_authors(3))
    for text in SORT:
        assert_names(client.get(f"{AUTHORS}?sort={quote(text)}"), "sort", f"sort={text!r}")


def assert_names(answer, name: str, what: str) -> None:
    assert answer.status_code == 422, f"{what} was answered with {answer.status_code}, not 422"
    body = read_envelope(answer)
    assert body["code"] == "validation_failed", (
        f"{what} has the code {body['code']!r}: a value that is refused is validation_failed, as"
        " Unprocessable says"
    )
    shapes = [shape(entry) for entry in body["details"]]
    assert shapes == ["field and reason, both texts"], f"{what}: details holds one entry"
    named = body["details"][0]["field"]
    assert named == name, f"{what}: details must name the parameter to correct, {name}"


def test_rows_may_come_one_by_one(client):
    count = random.randrange(21, 40)
    page = read_page(client.get(f"/probe/rows?count={count}&sort=rank&per_page=3"))

    assert page["total"] == count, "rows may be any iterable, a generator too: count what it gives"
    expected = [{"id": count - place, "rank": place + 1 - count} for place in range(3)]
    assert page["items"] == expected, "a generator's rows are sorted and dumped like any others"


@pytest.mark.parametrize(
    ("endpoint", "keys"),
    [
        ("books.list_books", ["title", "published_year", "isbn13", "id"]),
        ("users.list_users", ["email", "name", "id"]),
    ],
    ids=["books", "users"],
)
def test_every_collection_has_its_sort_keys(client, inside, endpoint, keys):
    path = inside(address, endpoint)

    for key in keys:
        read_page(client.get(f"{path}?sort=-{key}"))
    assert_names(client.get(f"{path}?sort=birth_year"), "sort", f"{path}?sort=birth_year")


def address(endpoint: str) -> str:
    from world import path_of

    return path_of(endpoint)
