"""Exercise 5.1: everybody may ask, nobody may ask for ever."""

import random
import secrets
from math import ceil
from re import fullmatch

import pytest

API = "/api/v1"
# For everybody, and cheap: the index would have the app of each test make its document.
FORM = f"{API}/session"
BOOKS = f"{API}/books"
AUTHORS = f"{API}/authors"
LOGIN = f"{API}/auth/login"
STANDING = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def set_limit(rate: str, guesses: str = "1000 per minute") -> None:
    import world

    world.set_config(RATE_LIMIT=rate, AUTH_RATE_LIMIT=guesses)


def rows(table: str) -> list[dict[str, object]]:
    import world

    return world.rows(table)


def member() -> dict[str, object]:
    """Somebody, with three credentials: two tokens and an API key."""
    import world
    from app.services.api_keys import create_key

    user = world.account("member")
    subject = str(user["id"])
    tokens = [world.bearer(subject, "books:read") for _ in range(2)]
    key, secret = create_key(user["id"], "a script", ["books:read"], frozenset({"books:read"}))
    tokens.append({"X-API-Key": f"{key.prefix}.{secret}"})
    return {"id": user["id"], "credentials": tokens}


def claims_to_be(user_id: int) -> list[dict[str, str]]:
    """What somebody may send who is not that user, each another time."""
    import world

    subject, scope = str(user_id), "books:read"
    made = [
        world.token(sub=subject, scope=scope, secret=world.word() * 4),
        world.token(sub=subject, scope=scope, exp_in=-60),
        world.token(sub=subject, scope=scope, iss="somebody"),
    ]
    return [{"Authorization": f"Bearer {token}"} for token in made]


def token_of_a_closed_account() -> dict[str, str]:
    import world

    return world.bearer(str(world.account(active=False)["id"]), "books:read")


def all_kinds() -> list[list[object]]:
    """One of each kind who may ask: who they are, their headers, and whom they count for."""
    import secrets

    import world

    key = secrets.token_urlsafe(32)
    world.set_config(ADMIN_KEY=key)
    users = {role: str(world.account(role)["id"]) for role in ("member", "librarian", "admin")}
    programs = [world.add_client("books:read")["client_id"] for _ in range(2)]
    people = [[role, world.bearer(user, "books:read"), user] for role, user in users.items()]
    others = [
        ["program", world.bearer(f"client:{client}", "books:read"), f"client:{client}"]
        for client in programs
    ]
    return [*people, *others, ["operator", {"X-Admin-Key": key}, "operator"]]


def plant_who() -> None:
    """A view for everybody that says whom its caller counts for."""
    from flask import current_app

    from app.auth.guards import public
    from app.limits import caller

    current_app.add_url_rule("/planted/who", "who", public(lambda: {"who": caller()}))


def plant(name: str) -> None:
    """Two views for everybody, one of which is asked all day."""
    from flask import current_app

    from app.auth.guards import public
    from app.limits import unlimited

    current_app.add_url_rule(f"/planted/{name}", name, public(unlimited(lambda: {"up": True})))
    current_app.add_url_rule(f"/planted/{name}/limited", f"{name}_", public(lambda: {"up": True}))


def statuses_in_another_app(rate: str, times: int) -> list[int]:
    import world

    client = world.new_app(RATE_LIMIT=rate).test_client()
    return [client.get("/api/v1/session").status_code for _ in range(times)]


def counted_where_the_config_says(rate: str, times: int) -> list[object]:
    """The answers of an app whose counts are to be kept elsewhere, and whether they are."""
    from limits.storage import MemoryStorage

    import world
    from app import counting

    made = []

    class Elsewhere(MemoryStorage):
        STORAGE_SCHEME = ["elsewhere"]  # noqa: RUF012 - how Storage declares it

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            made.append(self)

    before, counting.URI = counting.URI, "elsewhere://"
    try:
        client = world.new_app(RATE_LIMIT=rate).test_client()
    finally:
        counting.URI = before
    statuses = [client.get("/api/v1/session").status_code for _ in range(times)]
    return [statuses, any(storage.storage or storage.events for storage in made)]


def resets_after(moments: list[float], address: str) -> list[str | None]:
    """What a caller's ``RateLimit-Reset`` is, so many seconds after their first request."""
    import time
    from types import SimpleNamespace

    from flask import current_app

    from app import counting

    client, told = current_app.test_client(), []
    try:
        for number, seconds in enumerate(moments):
            place = {"REMOTE_ADDR": f"{address}{number}"}
            # Whoever counts begins in the past: no clock of the learner's is changed.
            began = time.time() - seconds
            counting.time = SimpleNamespace(time=lambda: began)  # noqa: B023
            client.get("/api/v1/session", environ_overrides=place)
            answer = client.get("/api/v1/session", environ_overrides=place)
            told.append(answer.headers.get("RateLimit-Reset"))
    finally:
        counting.time = time
    return told


def ask(client, path, headers=None, address="192.0.2.1"):
    return client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": address})


def log_in(client, address):
    body = {"email": f"{secrets.token_hex(4)}@example.org", "password": "x"}
    return client.post(LOGIN, json=body, environ_overrides={"REMOTE_ADDR": address})


def number_in(answer, header):
    text = answer.headers.get(header, "")
    asked = f"the answer of {answer.status_code} to {answer.request.method} {answer.request.path}"
    assert fullmatch("[0-9]+", text), f"{asked} has {header}: {text!r}, no whole number"
    return int(text)


@pytest.mark.parametrize(("unit", "seconds"), [("minute", 60), ("day", 86400)])
def test_whoever_asks_too_often_is_told_when_to_come_back(client, inside, unit, seconds):
    limit = random.randint(3, 6)
    inside(set_limit, f"{limit} per {unit}")
    for number in range(limit):
        answer = client.get([FORM, BOOKS, AUTHORS][number % 3])
        status = answer.status_code
        assert status == 200, f"request {number + 1} of {limit} per {unit} was answered {status}"
        assert "Retry-After" not in answer.headers, "a 200 says Retry-After: nobody has to wait"

    answer = client.post(AUTHORS, json={"name": secrets.token_hex(4)})
    assert answer.status_code == 429, (
        f"{limit} per {unit}, over all endpoints together: the next was answered"
        f" {answer.status_code}"
    )
    wait = number_in(answer, "Retry-After")
    assert 1 <= wait <= seconds, f"Retry-After is {wait}, in seconds, and the {unit} has {seconds}"
    assert wait > seconds - 60, f"Retry-After is {wait}: the {unit} has only begun"
    body = answer.json
    code = body.get("code") if isinstance(body, dict) else None
    assert code == "too_many_requests", "a 429 comes in the envelope, with this code"
    assert inside(rows, "authors") == [], "the view ran, and the author is stored, in spite of 429"
    inside(set_limit, "1000 per minute")
    status = client.get(FORM).status_code
    assert status == 200, f"RATE_LIMIT was raised to 1000 and the next was answered {status}"


def test_every_answer_says_where_the_caller_stands(client, inside):
    limit = random.randint(20, 90)
    inside(set_limit, f"{limit} per minute")
    requests = [
        ("GET", BOOKS, 200),
        ("HEAD", BOOKS, 200),
        ("GET", f"{BOOKS}/{random.randint(1, 999)}", 404),
        ("POST", AUTHORS, 415),
        ("GET", "/probe/crash?kind=KeyError&cause=x", 500),
    ]
    random.shuffle(requests)
    for number, (method, path, status) in enumerate(requests, start=1):
        answer = client.open(path, method=method)
        assert answer.status_code == status, f"{method} {path}, which is not limited yet"
        limited, remaining, reset = (number_in(answer, header) for header in STANDING)
        assert limited == limit, f"RateLimit-Limit, where {limit} per minute are allowed"
        assert remaining == limit - number, f"RateLimit-Remaining after {number} of {limit}"
        assert 1 <= reset <= 60, f"RateLimit-Reset is {reset}: seconds from now, not a moment"
        assert "Retry-After" not in answer.headers, f"a {status} says Retry-After"

    moments = [20, 45, 59.8, 61]
    for seconds, told in zip(moments, inside(resets_after, moments, "192.0.2."), strict=True):
        left = max(1, ceil(60 - seconds))
        allowed = {str(left), str(max(1, left - 1))}
        assert told in allowed, (
            f"per minute, and RateLimit-Reset {seconds} seconds after the first request: the"
            " seconds until the count begins anew, 1 or more"
        )

    inside(set_limit, "1 per minute")
    client.get(BOOKS)
    refused = client.get(BOOKS)
    remaining = number_in(refused, "RateLimit-Remaining")
    assert (refused.status_code, remaining) == (429, 0), "the second of one per minute"
    wait, reset = number_in(refused, "Retry-After"), number_in(refused, "RateLimit-Reset")
    assert abs(wait - reset) <= 1, f"Retry-After {wait} and RateLimit-Reset {reset} disagree"


def test_users_are_counted_wherever_they_are(anonymous, inside):
    limit = random.randint(3, 5)
    inside(set_limit, f"{limit} per hour")
    one, other = inside(member), inside(member)
    for number in range(limit):
        headers = one["credentials"][number % 3]
        status = ask(anonymous, BOOKS, headers, f"192.0.2.{number}").status_code
        assert status == 200, f"request {number + 1} of {limit} was answered {status}"

    for headers in one["credentials"]:
        status = ask(anonymous, BOOKS, headers, "192.0.2.99").status_code
        assert status == 429, (
            f"a user may ask {limit} times, with whatever credentials and from wherever: the next,"
            f" from another address, was answered {status}"
        )
    status = ask(anonymous, BOOKS, other["credentials"][0], "192.0.2.0").status_code
    assert status == 200, f"another user behind the same address pays for it: {status}"
    status = ask(anonymous, FORM, address="192.0.2.0").status_code
    assert status == 200, f"a stranger at the same address pays for it: {status}"


def test_everybody_counts_as_themselves(anonymous, inside):
    kinds = inside(all_kinds)
    inside(plant_who)
    for who, headers, subject in kinds:
        name = (ask(anonymous, "/planted/who", headers).json or {}).get("who")
        assert name == f"user:{subject}", f"what caller() says of a {who}"
    name = (ask(anonymous, "/planted/who").json or {}).get("who")
    assert name == "address:192.0.2.1", "what caller() says of a stranger"

    inside(set_limit, "1 per hour")
    for who, headers, _ in kinds:
        first, second = (ask(anonymous, FORM, headers).status_code for _ in range(2))
        assert first == 200, f"the first request of a {who}, where others ask as well: {first}"
        assert second == 429, f"1 per hour, and the second request of a {who} was answered {second}"


def test_a_claim_that_nobody_verified_counts_for_nothing(anonymous, inside):
    limit = random.randint(5, 8)
    inside(set_limit, f"{limit} per hour")
    victim = inside(member)
    tries = [*inside(claims_to_be, victim["id"]), inside(token_of_a_closed_account)]
    tries += [{"X-API-Key": f"{secrets.token_hex(4)}.{secrets.token_hex(8)}"} for _ in range(9)]
    for number, headers in enumerate(tries[:limit], start=1):
        status = ask(anonymous, BOOKS, headers).status_code
        assert status == 401, f"bad credentials {number} of {limit}"

    status = ask(anonymous, BOOKS, tries[limit]).status_code
    assert status == 429, (
        f"{limit} requests from one address, each with other bad credentials, and the next was"
        f" answered {status}: where they do not hold, it is the address that counts"
    )
    status = log_in(anonymous, "192.0.2.2").status_code
    assert status == 401, f"a login from another address pays for it: {status}"
    answer = ask(anonymous, BOOKS, victim["credentials"][0])
    assert answer.status_code == 200, (
        f"somebody else named a user in forged tokens, and now the user is answered"
        f" {answer.status_code}"
    )
    left = number_in(answer, "RateLimit-Remaining")
    assert left == limit - 1, "a user's first request: forged tokens were counted for them"


def test_the_way_in_counts_too(anonymous, inside):
    limit = random.randint(2, 4)
    inside(set_limit, f"{limit} per hour")
    for number in range(limit):
        status = log_in(anonymous, "192.0.2.1").status_code
        assert status == 401, f"login {number + 1} of {limit}"

    status = ask(anonymous, FORM).status_code
    assert status == 429, (
        f"{limit} per hour, all of them logins, and the next request was answered {status}: an"
        " endpoint with a limit of its own counts too"
    )

    inside(set_limit, "100 per minute", "1 per minute")
    answers = [log_in(anonymous, "192.0.2.2") for _ in range(2)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [401, 429], (
        "two logins, where one per minute is allowed, and 100 of the rest"
    )
    for answer in answers:
        told = [number_in(answer, header) for header in STANDING[:2]]
        assert told == [1, 0], (
            "RateLimit-Limit and RateLimit-Remaining of a login, where one per minute is allowed,"
            " and 100 of the rest: those of the limit that the extension names"
        )


def test_an_address_cannot_be_made_up(anonymous, inside):
    limit = random.randint(2, 4)
    inside(set_limit, f"{limit} per hour")
    for number in range(limit + 1):
        forged = f"198.51.100.{number}"
        names = ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")
        headers = {**dict.fromkeys(names, forged), "Forwarded": f"for={forged}"}
        status = ask(anonymous, FORM, headers).status_code
        wanted = 200 if number < limit else 429
        assert status == wanted, (
            f"request {number + 1} of {limit}, from one address that says to be another each time:"
            " with no proxy of ours in front, X-Forwarded-For is the client's own claim"
        )
    status = ask(anonymous, FORM, address="192.0.2.2").status_code
    assert status == 200, f"another address pays for it: {status}"


def test_what_machines_ask_all_day_is_not_counted(anonymous, inside):
    name = f"up_{secrets.token_hex(4)}"
    inside(plant, name)
    inside(set_limit, "2 per hour")
    free = [f"/planted/{name}", "/static/docs.js", f"/{secrets.token_hex(4)}"]
    for path in [*free, *free]:
        answer = anonymous.get(path)
        told = [header for header in STANDING if header in answer.headers]
        assert answer.status_code != 429, f"GET {path} does not count, and was refused"
        assert told == [], f"GET {path} does not count, and its answer says {told[0]}"
    paths = [f"/planted/{name}/limited", FORM, FORM]
    seen = [anonymous.get(path).status_code for path in paths]
    assert seen == [200, 200, 429], "two per hour, after six requests that do not count"
    for path in free:
        status = anonymous.get(path).status_code
        assert status != 429, f"GET {path} was refused to somebody who has used up the rest"


def test_each_app_counts_for_itself(anonymous, inside):
    inside(set_limit, "2 per hour")
    first = anonymous.get(FORM).status_code
    elsewhere = inside(statuses_in_another_app, "2 per hour", 3)
    then = [anonymous.get(FORM).status_code for _ in range(2)]

    assert elsewhere == [200, 200, 429], "two per hour, in an app that nobody had asked before"
    assert [first, *then] == [200, 200, 429], (
        "two per hour; another app of this process was asked in between, and that is not ours"
    )


def test_it_counts_where_the_config_says(inside):
    statuses, counted = inside(counted_where_the_config_says, "2 per hour", 3)
    assert statuses == [200, 200, 429], "two per hour"
    assert counted, (
        "RATELIMIT_STORAGE_URI of the config says where to count, and nothing is there: with two"
        " workers, each would count for itself"
    )
