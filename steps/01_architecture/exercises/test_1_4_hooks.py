"""Exercise 1.4: hooks run around every request, and clean up whatever happens."""

import re
import secrets
import time

import pytest

BOOKS = "/api/v1/books"
MISSING = f"/api/v1/{secrets.token_hex(4)}"


def counted(paths: list[str]) -> dict[str, int]:
    """How often each path's endpoint was counted, ``unmatched`` included."""
    from flask import current_app
    from werkzeug.exceptions import HTTPException

    count = current_app.extensions["request_count"]
    routes = current_app.url_map.bind("localhost")
    found = {"unmatched": count.get("unmatched", 0)}
    for path in paths:
        try:
            endpoint, _ = routes.match(path)
        except HTTPException:
            continue
        found[path] = count.get(endpoint, 0)
    return found


def count_of_a_new_app() -> int:
    from app import create_app
    from world import environment

    with environment():
        app = create_app("testing")
    return sum(app.extensions["request_count"].values())


def address(endpoint: str) -> str:
    from world import path_of

    return path_of(endpoint)


def add_a_neighbour(path: str) -> None:
    """A route of nobody's blueprint, whose address begins as the admin's do."""
    from flask import current_app

    current_app.add_url_rule(path, "neighbour", dict)


def set_admin_key(key: str) -> None:
    from flask import current_app

    current_app.config["ADMIN_KEY"] = key


def open_without_a_request() -> None:
    from flask import g

    from world import Trail

    g.audit_trail = Trail()


def opened_and_still_open() -> list[int]:
    from world import Trail

    return [len(Trail.opened), sum(not trail.closed for trail in Trail.opened)]


@pytest.fixture
def stats(inside):
    """The address of an admin route."""
    return inside(address, "admin.show_stats")


@pytest.mark.parametrize(
    ("path", "status"),
    [(BOOKS, 200), (MISSING, 404), ("/probe/trail?outcome=crash", 500)],
    ids=["good", "missing", "crash"],
)
def test_every_answer_says_how_long_it_took(client, path, status):
    answer = client.get(path)

    assert answer.status_code == status, f"GET {path} answered {answer.status_code}, not {status}"
    took = answer.headers.get("X-Response-Time")
    assert took is not None, f"a {status} answer has no X-Response-Time: hooks run for errors too"
    assert re.fullmatch(r"\d+(\.\d+)?", took), (
        f"X-Response-Time is milliseconds as a plain number, such as 12.5, got {took!r}"
    )


def test_the_time_is_in_milliseconds(client):
    started = time.perf_counter()
    took = client.get("/probe/slow?milliseconds=30").headers.get("X-Response-Time", "no header")
    around = (time.perf_counter() - started) * 1000

    assert re.fullmatch(r"\d+(\.\d+)?", took), f"X-Response-Time is a plain number, got {took!r}"
    # The clock of a sleep and the clock of the hook may differ by a little.
    for right in (float(took) >= 25, float(took) <= around):
        assert right, (
            f"a view that takes 30 ms was said to take {took}: the unit is milliseconds, and the"
            " clock starts before the view"
        )


CHANGES = [("POST", BOOKS), ("OPTIONS", BOOKS), ("POST", "/probe/slow?milliseconds=0")]
ERRORS = [
    ("GET", MISSING),
    ("HEAD", MISSING),
    ("GET", "/probe/abort?status=400"),
    ("GET", "/probe/trail?outcome=crash"),
    ("DELETE", f"{BOOKS}/999"),
]


@pytest.mark.parametrize("requests", [CHANGES, ERRORS], ids=["not_a_get", "error"])
def test_what_must_not_be_kept_says_so(client, requests):
    for method, path in requests:
        answer = client.open(path, method=method)

        hint = answer.headers.get("Cache-Control")
        assert hint == "no-store", (
            f"{method} answered {answer.status_code}: a cache may keep it (Cache-Control: {hint})"
        )


def test_a_good_get_is_left_alone(client):
    for method, path in (("GET", BOOKS), ("HEAD", BOOKS), ("GET", "/moved")):
        answer = client.open(path, method=method)

        hint = answer.headers.get("Cache-Control")
        assert hint is None, (
            f"{method} answered {answer.status_code}: the view decides on caching, yet the hook"
            f" said {hint!r}"
        )


def test_a_view_that_knows_better_is_respected(client):
    for method, status in (("GET", 200), ("GET", 410), ("POST", 200)):
        chosen = f"public, max-age={secrets.randbelow(5000) + 60}"
        answer = client.open(f"/probe/cached?status={status}&hint={chosen}", method=method)

        hint = answer.headers.get("Cache-Control")
        assert hint == chosen, (
            f"the view chose its own caching hint, {chosen!r}; the hook replaced it with {hint!r}"
        )


@pytest.mark.about("app/hooks.py", "request_count")
def test_requests_are_counted_by_endpoint(client, inside):
    authors = "/api/v1/authors"
    times = {BOOKS: secrets.randbelow(4) + 4, authors: secrets.randbelow(2) + 2}
    for path, count in times.items():
        for _ in range(count):
            client.get(path)

    seen = inside(counted, list(times))
    for path, count in times.items():
        assert seen[path] == count, (
            f"{count} requests to {path}, but the counter holds {seen[path]}"
        )


@pytest.mark.about("app/hooks.py", "request_count")
def test_requests_without_a_route_are_counted_together(client, inside):
    count = secrets.randbelow(4) + 2
    for number in range(count):
        client.get(f"{MISSING}/{number}")

    seen = inside(counted, [])["unmatched"]
    assert seen == count, (
        f"{count} requests that no route matched, but the counter holds {seen} under 'unmatched'"
    )


@pytest.mark.about("app/hooks.py", "request_count")
def test_a_crash_counts_too(client, inside):
    client.get("/probe/trail?outcome=crash")

    seen = inside(counted, ["/probe/trail"])["/probe/trail"]
    assert seen == 1, (
        f"a request whose view crashed was counted {seen} times: count before the view"
    )


@pytest.mark.about("app/hooks.py", "request_count")
def test_a_refused_request_counts_too(client, inside, stats):
    client.get(stats)

    seen = inside(counted, [stats])[stats]
    assert seen == 1, (
        f"a request that the guard refused was counted {seen} times: those are the ones to watch;"
        " count first, then guard"
    )


@pytest.mark.about("app/hooks.py", "request_count")
def test_each_app_counts_for_itself(client, inside):
    client.get(BOOKS)
    client.get(BOOKS)

    seen = inside(count_of_a_new_app)
    assert seen == 0, (
        f"an app that never answered a request counts {seen}: two apps share a counter"
    )


@pytest.mark.about("app/hooks.py", "X-Admin-Key")
def test_the_admin_key_opens_the_door(client, inside, stats):
    for _ in range(2):
        key = secrets.token_urlsafe(16)
        inside(set_admin_key, key)

        status = client.get(stats, headers={"X-Admin-Key": key}).status_code
        assert status == 200, f"the right X-Admin-Key was answered with {status}"


@pytest.mark.about("app/hooks.py", "X-Admin-Key")
@pytest.mark.parametrize("given", ["none", "wrong", "not_ascii"])
def test_a_wrong_admin_key_does_not(client, inside, stats, given):
    key = secrets.token_urlsafe(16)
    inside(set_admin_key, key)
    keys = {
        "none": [None],
        "wrong": [secrets.token_urlsafe(16), f"{key}x", key[:-1], key.swapcase(), ""],
        "not_ascii": [f"{key}é", "é"],
    }
    for wrong in keys[given]:
        headers = {} if wrong is None else {"X-Admin-Key": wrong}
        status = client.get(stats, headers=headers).status_code

        what = "no X-Admin-Key" if wrong is None else "a wrong X-Admin-Key"
        assert status == 401, (
            f"the admin route answered {status} to {what}: raise Unauthorized before the view runs"
        )


@pytest.mark.about("app/hooks.py", "X-Admin-Key")
def test_without_a_key_nobody_enters(client, inside, stats):
    inside(set_admin_key, "")
    for headers in ({}, {"X-Admin-Key": ""}, {"X-Admin-Key": "None"}):
        status = client.get(stats, headers=headers).status_code

        assert status == 401, (
            f"ADMIN_KEY is not set, and the admin route answered {status}: what nobody configured"
            " must stay shut"
        )


@pytest.mark.about("app/hooks.py", "X-Admin-Key")
def test_everyone_may_see_the_rest(client, inside):
    inside(set_admin_key, secrets.token_urlsafe(16))
    neighbour = "/api/v1/administration"
    inside(add_a_neighbour, neighbour)
    for path in (BOOKS, "/api/v1/authors", neighbour):
        status = client.get(path).status_code

        assert status == 200, f"GET {path} needs no key, but answered {status}: guard admin only"


@pytest.mark.about("app/hooks.py", "X-Admin-Key")
def test_an_unknown_address_is_no_secret(client):
    status = client.get(MISSING).status_code

    assert status == 404, f"an address that is not there answered {status}: guard admin only"


@pytest.mark.about("app/hooks.py", "audit_trail")
@pytest.mark.parametrize("outcome", ["calm", "crash", "refused"])
def test_what_a_request_opened_is_closed(client, inside, outcome):
    client.get(f"/probe/trail?outcome={outcome}")

    opened, left = inside(opened_and_still_open)
    assert opened == 1, f"the view ran {opened} times"
    assert left == 0, f"after a {outcome} request {left} audit trail was still open"


@pytest.mark.about("app/hooks.py", "audit_trail")
def test_a_command_cleans_up_too(inside):
    inside(open_without_a_request)

    _, left = inside(opened_and_still_open)
    assert left == 0, (
        "a trail opened without a request (a CLI command, say) stayed open: clean up when the"
        " context ends"
    )
