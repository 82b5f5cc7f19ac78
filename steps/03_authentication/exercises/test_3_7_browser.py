"""Exercise 3.7: a cookie that cannot be stolen or abused, a limit, and a log that tells nothing."""

import json
import random
import secrets
from html import unescape
from re import findall
from urllib.parse import urlencode

import pytest

SITE = "https://localhost"
SESSION = "/api/v1/session"
DESK = "/api/v1/desk/users"
LOGIN = "/api/v1/auth/login"
CALLBACK = "https://shelf.example.org/callback"
MANY = "1000 per minute"


def account(role: str) -> dict[str, object]:
    import world

    return world.account(role)


def stored_user(user_id: int) -> dict[str, object]:
    import world

    return next(row for row in world.rows("users") if row["id"] == user_id)


def families() -> list[dict[str, object]]:
    import world

    return world.rows("refresh_sessions")


def status_later(path: str, hours: float, cookies: dict[str, str]) -> int:
    """What a browser with these cookies is answered so many hours from now."""
    import time

    from flask import current_app

    client, now = current_app.test_client(), time.time
    for name, value in cookies.items():
        client.set_cookie(name, value, secure=True)
    time.time = lambda: now() + hours * 3600
    try:
        return client.get(path, base_url="https://localhost").status_code
    finally:
        time.time = now


def close_account(user_id: int) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    db.session.execute(users.update().where(users.c.id == user_id).values(active=False))
    db.session.commit()


def end_all_of(user_id: int) -> None:
    from app.extensions import db
    from app.models import User
    from app.services import sessions

    sessions.end_all(db.session.get(User, user_id))


def set_limits(by_address: str, by_account: str) -> None:
    import world

    world.set_config(AUTH_RATE_LIMIT=by_address, ACCOUNT_RATE_LIMIT=by_account)


def status_in_another_app() -> int:
    import world

    app = world.new_app()
    return app.test_client().post("/api/v1/auth/login", json={}).status_code


def listen() -> None:
    import world

    world.LISTENER.start()


def heard() -> list[dict[str, str]]:
    import world

    return world.LISTENER.records


def record_facts(event: str, facts: dict[str, object]) -> list[dict[str, str]]:
    import world
    from app.auth import audit

    world.LISTENER.start()
    audit.record(event, **facts)
    return [entry for entry in world.LISTENER.records if entry["logger"] == "app.audit"]


def token_of(role: str) -> dict[str, str]:
    import world

    return world.bearer(str(world.person(role)), "books:read")


def program(redirect_uris: str) -> dict[str, object]:
    import world

    grant = "authorization_code" if redirect_uris else "client_credentials"
    return world.add_client("books:read", redirect_uris, grant)


class Browser:
    """Somebody at a screen: fills in the form that the page shows, hidden fields and all."""

    def __init__(self, client):
        self.client = client

    def get(self, path):
        return self.client.get(path, base_url=SITE)

    def form(self, path):
        hidden = findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', self.get(path).text)
        return {name: unescape(value) for name, value in hidden}

    def post(self, path, page=SESSION, **fields):
        headers = {"Referer": SITE + page}
        return self.client.post(path, data=fields, headers=headers, base_url=SITE)

    def sign_in(self, user):
        fields = {"email": user["email"], "password": user["password"]}
        return self.post(SESSION, **{**self.form(SESSION), **fields})

    def cookies(self):
        return {
            name: cookie.value
            for name in ("__Host-session", "session")
            if (cookie := self.client.get_cookie(name)) is not None
        }


@pytest.fixture
def browser(anonymous):
    return Browser(anonymous)


def try_to_log_in(client, email, address="192.0.2.1", **headers):
    return client.post(
        LOGIN,
        json={"email": email, "password": secrets.token_urlsafe(8)},
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )


def entry_of(text):
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    assert isinstance(entry, dict), f"a line of the audit log is a JSON object, not {text[:60]!r}"
    return entry


def nobody():
    return f"{secrets.token_hex(5)}@example.org"


@pytest.mark.about("app/auth/browser.py")
def test_the_cookie_keeps_itself(browser, inside):
    cookies = browser.sign_in(inside(account, "admin")).headers.getlist("Set-Cookie")

    assert cookies, "signing in set no cookie"
    for cookie in cookies:
        parts = [part.strip().lower() for part in cookie.split(";")]
        for flag, why in {
            "httponly": "a script in the page can read it",
            "secure": "it travels over plain HTTP too",
            "samesite=lax": "the form of another site brings it along",
            "path=/": "its name demands it",
        }.items():
            assert flag in parts, f"the session cookie lacks {flag}: {why}"
        assert parts[0].startswith("__host-session="), f"it is called {parts[0].partition('=')[0]}"
        assert not any(part.startswith("domain=") for part in parts), "it goes to other hosts too"
    assert {row["scope"] for row in inside(families)} == {""}, "the session's family has a scope"


@pytest.mark.about("app/auth/browser.py")
def test_the_cookie_is_good_for_eight_hours(browser, inside):
    browser.sign_in(inside(account, "admin"))
    cookies = browser.cookies()

    status = inside(status_later, DESK, 7.9, cookies)
    assert status == 200, f"a cookie of almost eight hours ago was answered {status} at the desk"
    status = inside(status_later, DESK, 8.1, cookies)
    assert status != 200, "a cookie of more than eight hours ago still opens the desk"


@pytest.mark.about("app/auth/browser.py")
def test_the_desk_is_for_admins(browser, inside):
    stranger = browser.get(DESK)
    assert SESSION in stranger.headers.get("Location", ""), "a stranger is sent to the form"
    browser.sign_in(inside(account, "member"))
    assert browser.get(DESK).status_code == 403, "a member read the list of users"
    admin, other = inside(account, "admin"), inside(account, "member")
    browser.sign_in(admin)
    page = browser.get(DESK)
    assert page.status_code == 200, f"an admin was answered {page.status_code} at the desk"
    assert other["email"] in page.text, "the list lacks somebody"

    fields = browser.form(DESK)
    answer = browser.post(f"{DESK}/{other['id']}/deactivate", DESK, **fields)
    assert answer.status_code == 303, f"deactivating somebody was answered {answer.status_code}"
    assert inside(stored_user, other["id"])["active"] is False, "the account is still open"
    status = browser.post(f"{DESK}/{admin['id']}/deactivate", DESK, **fields).status_code
    assert status == 409, "an admin closed their own account"


@pytest.mark.about("app/auth/browser.py")
def test_a_forged_form_changes_nothing(browser, inside):
    admin, victim = inside(account, "admin"), inside(account, "member")
    before = browser.form(SESSION)
    browser.sign_in(admin)
    forged = {
        "no token": {},
        "a made-up token": {"csrf_token": secrets.token_urlsafe(40)},
        "the token of the session before": before,
    }

    for what, fields in forged.items():
        for path in (f"{DESK}/{victim['id']}/deactivate", f"{SESSION}/end", SESSION):
            status = browser.post(path, DESK, **fields).status_code
            assert status == 400, (
                f"POST {path} with {what} was answered {status}: any page in the admin's browser"
                " could send that form"
            )
    shop = inside(program, CALLBACK)
    asked = {
        "response_type": "code",
        "client_id": shop["client_id"],
        "redirect_uri": CALLBACK,
        "code_challenge": secrets.token_urlsafe(32),
        "code_challenge_method": "S256",
    }
    status = browser.post(
        f"/api/v1/oauth/authorize?{urlencode(asked)}", decision="allow"
    ).status_code
    assert status == 400, (
        f"the consent form without a token was answered {status}: any page could agree in your name"
    )
    assert inside(stored_user, victim["id"])["active"] is True, "a forged form closed an account"


@pytest.mark.about("app/auth/browser.py")
def test_the_api_needs_no_form_and_takes_no_cookie(browser, librarian, inside):
    status = librarian.post("/api/v1/authors", json={"name": "Tove Jansson"}).status_code
    assert status == 201, f"a POST with a bearer token was answered {status}: it is not a form"
    browser.sign_in(inside(account, "admin"))
    for path in ("/api/v1/users", "/api/v1/users/me", "/api/v1/books"):
        status = browser.get(path).status_code
        assert status == 401, f"GET {path} took the browser's cookie for an answer: {status}"


@pytest.mark.about("app/auth/browser.py")
def test_signing_out_ends_every_copy(browser, anonymous, inside):
    browser.sign_in(inside(account, "admin"))
    stolen = browser.cookies()
    assert browser.get(DESK).status_code == 200, "an admin who has just signed in"
    form, before = browser.form(SESSION), browser.cookies()
    browser.post(f"{SESSION}/end", **form)
    assert browser.cookies() != before, "after signing out the browser keeps the same session"
    assert browser.get(DESK).status_code != 200, "after signing out the desk was still open"

    for name, value in stolen.items():
        anonymous.set_cookie(name, value, secure=True)
    status = browser.get(DESK).status_code
    assert status != 200, (
        "a copy of the cookie, made before, works after the sign-out: what the browser holds must"
        " name something that we can end"
    )


@pytest.mark.parametrize("how", ["close_account", "end_all"])
@pytest.mark.about("app/auth/browser.py")
def test_a_session_can_be_ended_from_our_side(browser, inside, how):
    admin = inside(account, "admin")
    browser.sign_in(admin)
    assert browser.get(DESK).status_code == 200, "an admin who has just signed in"
    inside({"close_account": close_account, "end_all": end_all_of}[how], admin["id"])

    status = browser.get(DESK).status_code
    assert status != 200, f"after {how} the browser was still let in"


@pytest.mark.about("app/auth/browser.py")
def test_a_new_session_takes_nothing_over(browser, inside):
    member, admin = inside(account, "member"), inside(account, "admin")
    browser.sign_in(member)
    first = browser.cookies()
    token = browser.form(SESSION)
    browser.sign_in(admin)

    assert browser.cookies() != first, "the cookie stayed the same for somebody else"
    status = browser.post(f"{SESSION}/end", **token).status_code
    assert status == 400, "a form of the session before still works: drop what it held"


@pytest.mark.about("app/auth/throttle.py")
def test_the_next_try_is_429(anonymous, inside):
    limit = random.randint(3, 8)
    inside(set_limits, f"{limit} per minute", MANY)
    for number in range(limit):
        status = try_to_log_in(anonymous, nobody()).status_code
        assert status == 401, f"try {number + 1} of {limit} was answered {status}"
    forwarded = f"198.51.100.{random.randint(1, 250)}"
    claims = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP"), forwarded)
    answer = try_to_log_in(anonymous, nobody(), **claims, Forwarded=f"for={forwarded}")

    assert answer.status_code == 429, (
        f"after {limit} tries the next was answered {answer.status_code}; AUTH_RATE_LIMIT of the"
        " config counts, and X-Forwarded-For is the client's own claim"
    )
    wait = answer.headers.get("Retry-After", "")
    assert wait.isdigit(), f"Retry-After is in seconds, got {wait!r}"
    assert 0 < int(wait) <= 60, f"Retry-After is {wait}: the minute is over before"
    assert answer.json["code"] == "too_many_requests", "the envelope of a 429"
    status = try_to_log_in(anonymous, nobody(), "192.0.2.77").status_code
    assert status == 401, f"somebody at another address was answered {status}"
    assert inside(status_in_another_app) == 422, "two apps count together"


@pytest.mark.about("app/auth/throttle.py")
def test_every_way_in_is_limited_by_itself(browser, anonymous, inside):
    inside(set_limits, "2 per minute", MANY)
    ways = {
        LOGIN: {"json": {"email": nobody(), "password": "x"}},
        "/api/v1/auth/refresh": {"json": {"refresh_token": "x"}},
        "/api/v1/oauth/token": {"data": {"grant_type": "client_credentials"}},
        SESSION: {"data": {"email": nobody(), "password": "x", **browser.form(SESSION)}},
        "/api/v1/users/me/password": {"method": "PUT", "json": {}},
    }
    headers = {"Referer": SITE + SESSION, **inside(token_of, "member")}
    for path, how in ways.items():
        asked = {"method": "POST", "base_url": SITE, "headers": headers, **how}
        seen = [anonymous.open(path, **asked).status_code for _ in range(3)]
        assert seen[2] == 429, f"three times {asked['method']} {path}, two allowed: {seen}"
        assert 429 not in seen[:2], f"{path} pays for the tries at another door: {seen}"
    assert anonymous.get("/api/v1/books").status_code == 401, (
        "the rest of the API has no such limit"
    )


@pytest.mark.about("app/auth/throttle.py")
def test_one_account_is_limited_from_everywhere(browser, anonymous, inside):
    limit = random.randint(4, 6)  # each spelling once at least
    inside(set_limits, MANY, f"{limit} per year")
    user = inside(account, "member")
    spellings = [str.upper, str.title, lambda text: f"  {text} ", str]
    for number in range(limit - 1):
        email = spellings[number % 4](user["email"])
        status = try_to_log_in(anonymous, email, f"192.0.2.{number}").status_code
        assert status == 401, f"try {number + 1} of {limit} was answered {status}"
    status = browser.sign_in({**user, "password": "wrong"}).status_code
    assert status == 401, f"a wrong password in the browser's form was answered {status}"

    answer = try_to_log_in(anonymous, user["email"].upper(), "192.0.2.99")
    assert answer.status_code == 429, (
        f"{limit} wrong passwords for one account, from other addresses and the last in a browser:"
        f" the next was answered {answer.status_code}"
    )
    wait = answer.headers.get("Retry-After", "")
    assert wait.isdigit(), f"Retry-After is in seconds, got {wait!r}"
    assert int(wait) > 3600, f"Retry-After says {wait}, where {limit} tries per year are allowed"
    status = try_to_log_in(anonymous, nobody(), "192.0.2.1").status_code
    assert status == 401, f"another account pays for it: {status}"


@pytest.mark.about("app/auth/throttle.py")
def test_who_knows_the_password_is_not_counted(anonymous, inside):
    inside(set_limits, MANY, "2 per hour")
    user = inside(account, "member")
    body = {"email": user["email"], "password": user["password"]}
    half = [anonymous.post(LOGIN, json={"email": user["email"]}).status_code for _ in range(2)]
    assert half == [422, 422], "a login without a password is no failure of the account"
    answers = [anonymous.post(LOGIN, json=body) for _ in range(4)]

    seen = [answer.status_code for answer in answers]
    assert seen == [200] * 4, (
        "somebody who signs in rightly was counted among the failures, or a body that was no try:"
        " answers of 401 count"
    )
    waits = [answer.headers.get("Retry-After") for answer in answers]
    assert waits == [None] * 4, "a login that succeeded says Retry-After: nobody has to wait"


@pytest.mark.about("app/auth/audit.py")
def test_a_refusal_leaves_one_line(anonymous, inside):
    inside(listen)
    headers = inside(token_of, "member")
    anonymous.get("/api/v1/books", environ_overrides={"REMOTE_ADDR": "192.0.2.8"})
    anonymous.get("/api/v1/users", headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    anonymous.get("/api/v1/books", headers=headers)
    anonymous.get(f"/api/v1/{secrets.token_hex(4)}")
    inside(set_limits, "1 per minute", MANY)
    for _ in range(2):
        try_to_log_in(anonymous, nobody())

    lines = [entry for entry in inside(heard) if entry["logger"] == "app.audit"]
    assert lines, "nothing was written to the logger app.audit: who tries the doors goes unnoticed"
    entries = [entry_of(line["text"]) for line in lines]
    refused = [entry for entry in entries if entry.get("event") == "request_refused"]
    facts = ("status", "code", "method", "endpoint", "address")
    got = [tuple(entry.get(fact) for fact in facts) for entry in refused]
    assert got == [
        (401, "token_missing", "GET", "books.list_books", "192.0.2.8"),
        (403, "insufficient_scope", "GET", "users.list_users", "192.0.2.9"),
        (401, "invalid_credentials", "POST", "auth.login", "192.0.2.1"),
        (429, "too_many_requests", "POST", "auth.login", "192.0.2.1"),
    ], "one line for each 401, 403 and 429, and for nothing else"
    subjects = [entry.get("subject") for entry in refused]
    assert subjects[0] is None, "nobody was recognised, and the line names somebody"
    assert str(subjects[1]).isdigit(), "the line does not say who it was"
    assert {entry["level"] for entry in lines} == {"WARNING"}, "the level of the lines"


@pytest.mark.about("app/auth/audit.py")
def test_a_record_stays_one_line(inside):
    forged = 'x\n{"event": "sign_in", "subject": "admin"}\r\n\u2028'
    entries = inside(record_facts, "tried", {"account": forged, "times": 3})

    assert len(entries) == 1, f"one record made {len(entries)} entries"
    text = entries[0]["text"]
    assert len(text.splitlines()) == 1, "a line break in a fact breaks the line: entries are forged"
    entry = entry_of(text)
    facts = [entry.get(name) for name in ("event", "account", "times")]
    assert facts == ["tried", forged, 3], "the event, and the facts as they were given"
    assert str(entry.get("at")).endswith(("+00:00", "Z")), "at is a moment in UTC (ISO 8601)"


@pytest.mark.about("app/auth/audit.py")
def test_no_secret_reaches_the_log(browser, anonymous, inside):
    user, shop = inside(account, "member"), inside(program, "")
    inside(set_limits, MANY, MANY)
    inside(listen)
    secret = {what: secrets.token_urlsafe(16) for what in ("password", "token", "key", "refresh")}
    login = anonymous.post(LOGIN, json={"email": user["email"], "password": user["password"]})
    assert login.status_code == 200, f"a login answered {login.status_code}"
    good = login.json
    anonymous.post(LOGIN, json={"email": user["email"], "password": secret["password"]})
    anonymous.post(LOGIN, json={"email": secret["password"], "password": "x"})
    anonymous.get(
        "/api/v1/books",
        headers={"Authorization": f"Bearer {secret['token']}", "User-Agent": secret["token"]},
    )
    anonymous.get(f"/api/v1/users?token={secret['token']}")
    anonymous.get("/api/v1/books", headers={"X-API-Key": f"abc.{secret['key']}"})
    anonymous.get("/api/v1/books", auth=("abc", secret["key"]))
    anonymous.post("/api/v1/auth/refresh", json={"refresh_token": secret["refresh"]})
    token = anonymous.get(
        "/api/v1/users", headers={"Authorization": f"Bearer {good['access_token']}"}
    )
    assert token.status_code == 403, "a member read the users"
    browser.sign_in(user)
    credentials = (shop["client_id"], shop["client_secret"])
    data = {"grant_type": "client_credentials"}
    granted = anonymous.post("/api/v1/oauth/token", data=data, auth=credentials)
    assert granted.status_code == 200, f"a program was answered {granted.status_code}"
    issued = granted.json
    anonymous.post("/api/v1/oauth/token", data=data, auth=(shop["client_id"], secret["key"]))

    everything = {
        "a wrong password": secret["password"],
        "the right password": user["password"],
        "a bad token": secret["token"],
        "a good token": good["access_token"],
        "a good refresh token": good["refresh_token"],
        "an API key": secret["key"],
        "a refresh token": secret["refresh"],
        "the secret of a program": shop["client_secret"],
        "the token of a program": issued["access_token"],
        "the session's cookie": next(iter(browser.cookies().values())),
    }
    records = inside(heard)
    assert records, "nothing was logged at all"
    for what, text in everything.items():
        leaks = [entry["logger"] for entry in records if text in entry["all"]]
        assert leaks == [], f"{what} stands in the log, written by {leaks[0]}"
