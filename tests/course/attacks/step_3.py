"""An attacker's hour on step 3, solved. ``test_attacks.py`` runs this inside a copy of the step."""

import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from re import findall
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text, update

from app import create_app
from app.auth.keys import signing_key
from app.auth.scopes import ROLE_SCOPES, SCOPES
from app.config import ConfigError
from app.extensions import db
from app.models import OAuthClient, User
from app.services import accounts, clients, sessions
from app.services.users import add_user

API = "/api/v1"
SITE = "https://localhost"
CALLBACK = "https://shelf.example.org/callback"
PASSWORD = "a long enough password"


@pytest.fixture
def stranger(app: Flask, rollback: None, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setitem(app.config, "AUTH_RATE_LIMIT", "10000 per minute")
    monkeypatch.setitem(app.config, "ACCOUNT_RATE_LIMIT", "10000 per minute")
    return app.test_client()


def person(app: Flask, role: str, name: str = "Somebody") -> tuple[int, str]:
    email = f"{secrets.token_hex(4)}@example.org"
    with app.app_context():
        user = add_user({"email": email, "name": name, "password": PASSWORD, "role": role})
        return user.id, email


def log_in(client: FlaskClient, email: str, **more: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD, **more}
    answer = client.post(f"{API}/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.get_json()
    return tokens


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part(data: object) -> str:
    text = data if isinstance(data, str) else json.dumps(data)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def forged(app: Flask, header: object, body: object, key: bytes | None = None) -> str:
    """A token with whatever is in it; signed with our own key, unless with another."""
    with app.app_context():
        key = signing_key().secret if key is None else key
    signed = f"{part(header)}.{part(body)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), hashlib.sha256))
    return f"{signed}.{signature.rstrip(b'=').decode()}"


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    times = {"iat": now, "exp": now + 60, "jti": "x", "scope": "admin", "sub": "1"}
    return {**times, "iss": "library", "aud": "library-api", **changes}


def test_no_forged_token_is_let_in_and_none_crashes(app: Flask, stranger: FlaskClient) -> None:
    person(app, "admin")
    kid = {"kid": "derived", "typ": "JWT"}
    headers: list[object] = [
        {**kid, "alg": "none"},
        {**kid, "alg": "RS256"},
        {**kid, "alg": "ES256"},
        {**kid, "alg": ["HS256"]},
        {**kid, "alg": None},
        {"alg": "HS256"},
        {"alg": "HS256", "kid": "../../../../dev/null"},
        {"alg": "HS256", "kid": 5},
        {"alg": "HS256", "kid": None},
        {**kid, "alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "kid": "x' UNION SELECT 'k", "jku": "https://evil.example.org"},
        [],
        "text",
        "[" * 3000,
    ]
    for header in headers:
        answer = stranger.get(f"{API}/users", headers=bearer(forged(app, header, claims())))
        assert answer.status_code == 401, f"{header}: {answer.status_code}"
    bodies: list[object] = [
        claims(sub=["1"]),
        claims(sub={"$ne": 0}),
        claims(sub="1; DROP TABLE users"),
        claims(sub="²"),
        claims(sub="-1"),
        claims(sub="9" * 30),
        claims(sub="client:nobody"),
        claims(exp="tomorrow"),
        claims(iat="yesterday"),
        claims(iat=None),
        claims(exp=float("inf")),
        claims(aud={"library-api": 1}),
        claims(scope=["admin"]),
        claims(jti=7),
        claims(sid=["a"]),
        [],
        "x",
        "[" * 3000,
    ]
    header = {**kid, "alg": "HS256"}
    for body in bodies:
        answer = stranger.get(f"{API}/users", headers=bearer(forged(app, header, body)))
        assert answer.status_code == 401, f"{str(body)[:60]}: {answer.status_code} {answer.text}"
        assert answer.get_json().keys() == {"code", "message", "details"}


def test_no_token_brings_its_own_key(app: Flask, stranger: FlaskClient) -> None:
    person(app, "admin")
    known = {"alg": "HS256", "kid": "derived", "typ": "JWT"}
    for more in (
        {},
        {"jwk": {"kty": "oct", "k": part("mine")}},
        {"jku": "https://evil.example.org/keys"},
        {"x5u": "https://evil.example.org/cert"},
        {"kid": "/dev/null"},
        {"kid": ""},
    ):
        for key in (b"mine", b"", app.config["SECRET_KEY"].encode(), b"library"):
            token = forged(app, {**known, **more}, claims(), key)
            answer = stranger.get(f"{API}/users", headers=bearer(token))
            assert answer.status_code == 401, (more, key)


def test_no_header_crashes_the_door(stranger: FlaskClient) -> None:
    for scheme in ("Bearer", "bearer", "Basic", "Digest", "", "ApiKey", "Bearer Bearer"):
        for rest in (
            "",
            " ",
            " ,",
            " a,b",
            " Bearer x",
            " é".encode().decode("latin-1"),
            " =",
            " :",
        ):
            answer = stranger.get(f"{API}/books", headers={"Authorization": scheme + rest})
            assert answer.status_code == 401, f"{scheme}{rest}: {answer.status_code}"
    for name in ("X-API-Key", "X-Admin-Key"):
        for value in ("", ".", "a.b.c", "é".encode().decode("latin-1"), "x" * 4000):
            answer = stranger.get(f"{API}/books", headers={name: value})
            assert answer.status_code == 401, f"{name}: {value[:20]}: {answer.status_code}"


def test_no_header_crashes_the_authorization_server(stranger: FlaskClient) -> None:
    for sent in (
        "Basic é".encode().decode("latin-1"),
        "Basic",
        "Basic =",
        "Basic   ",
        "Basic Og==",
        "Bearer x",
        f"Basic {base64.b64encode(bytes([255])).decode()}",
        f"Basic {base64.b64encode(bytes([255, 58, 255])).decode()}",
        f"basic {base64.b64encode(b'no colon').decode()}",
        f"Basic {base64.b64encode(b'x' * 50_000).decode()}",
    ):
        for path in ("token", "revoke"):
            answer = stranger.post(
                f"{API}/oauth/{path}",
                data={"grant_type": "client_credentials", "token": "x"},
                headers={"Authorization": sent},
            )
            assert answer.status_code in {400, 401}, f"{path}, {sent}: {answer.status_code}"


def test_a_token_is_good_for_its_own_purpose_only(app: Flask, stranger: FlaskClient) -> None:
    tokens = log_in(stranger, person(app, "member")[1])

    as_access = stranger.get(f"{API}/books", headers=bearer(tokens["refresh_token"]))
    assert as_access.status_code == 401
    as_refresh = {"refresh_token": tokens["access_token"]}
    assert stranger.post(f"{API}/auth/refresh", json=as_refresh).status_code in {401, 422}
    as_key = {"X-API-Key": tokens["access_token"]}
    assert stranger.get(f"{API}/books", headers=as_key).status_code == 401


def test_nobody_asks_for_more_than_their_role(app: Flask, stranger: FlaskClient) -> None:
    email = person(app, "member")[1]

    tokens = log_in(stranger, email, scope="admin users:write books:read nonsense")

    assert tokens["scope"] == "books:read"
    for path in ("users", "admin/stats", "api-keys", "loans"):
        answer = stranger.get(f"{API}/{path}", headers=bearer(tokens["access_token"]))
        assert answer.status_code == 403, path


def test_a_body_sets_nothing_that_it_should_not(app: Flask, stranger: FlaskClient) -> None:
    librarian = bearer(log_in(stranger, person(app, "librarian")[1])["access_token"])
    user = {"email": "new@example.org", "name": "New"}
    for extra in (
        {"role": "admin"},
        {"id": 1},
        {"active": False},
        {"password_hash": "x"},
        {"tokens_valid_after": None},
    ):
        answer = stranger.post(f"{API}/users", json={**user, **extra}, headers=librarian)
        assert answer.status_code == 422, extra
    key = {"name": "x", "scopes": ["books:read"], "user_id": 1}
    assert stranger.post(f"{API}/api-keys", json=key, headers=librarian).status_code == 422
    for name, value in {"due_at": "2099-01-01T00:00:00+00:00", "renewals": -9, "id": 1}.items():
        loan = {"copy_id": 1, "user_id": 1, name: value}
        answer = stranger.post(f"{API}/loans", json=loan, headers=librarian)
        assert (answer.status_code, name in answer.text) == (422, True), answer.text
    wrong: list[object] = [[], 5, "x", {"email": {}, "password": []}, {"email": None}]
    for body in wrong:
        answer = stranger.post(f"{API}/auth/login", json=body)
        assert answer.status_code == 422, body


def test_a_giant_password_costs_nothing(stranger: FlaskClient) -> None:
    body = {"email": "a@example.org", "password": "x" * 100_000}

    assert stranger.post(f"{API}/auth/login", json=body).status_code == 422


def test_a_new_password_ends_the_thief(app: Flask, stranger: FlaskClient) -> None:
    email = person(app, "member")[1]
    stolen, own = log_in(stranger, email), log_in(stranger, email)
    change = {"current_password": "not this one", "new_password": "another long password"}
    path, headers = f"{API}/users/me/password", bearer(own["access_token"])

    assert stranger.put(path, json=change, headers=headers).status_code == 422
    change["current_password"] = PASSWORD
    assert stranger.put(path, json=change, headers=headers).status_code == 204

    assert (
        stranger.get(f"{API}/users/me", headers=bearer(stolen["access_token"])).status_code == 401
    )
    again = {"refresh_token": stolen["refresh_token"]}
    assert stranger.post(f"{API}/auth/refresh", json=again).status_code == 401


def test_a_closed_account_is_closed_everywhere(app: Flask, stranger: FlaskClient) -> None:
    user_id, email = person(app, "librarian")
    tokens = log_in(stranger, email)
    key = stranger.post(
        f"{API}/api-keys",
        json={"name": "x", "scopes": ["books:read"]},
        headers=bearer(tokens["access_token"]),
    ).get_json()["key"]
    with app.app_context():
        db.session.get_one(User, user_id).active = False
        db.session.commit()

    assert stranger.get(f"{API}/books", headers=bearer(tokens["access_token"])).status_code == 401
    assert stranger.get(f"{API}/books", headers={"X-API-Key": key}).status_code == 401
    body = {"email": email, "password": PASSWORD}
    assert stranger.post(f"{API}/auth/login", json=body).status_code == 401
    again = {"refresh_token": tokens["refresh_token"]}
    assert stranger.post(f"{API}/auth/refresh", json=again).status_code == 401


def test_an_account_that_opens_again_has_no_old_tokens(app: Flask, stranger: FlaskClient) -> None:
    user_id, email = person(app, "librarian")
    tokens = log_in(stranger, email)
    with app.app_context():
        accounts.deactivate(user_id, by="somebody else").active = True
        db.session.commit()

    assert stranger.get(f"{API}/books", headers=bearer(tokens["access_token"])).status_code == 401
    again = {"refresh_token": tokens["refresh_token"]}
    assert stranger.post(f"{API}/auth/refresh", json=again).status_code == 401


@pytest.mark.parametrize(
    "path", ["/API/v1/users", "/api/v1/users/", "/api/v1//users", "//api/v1/users"]
)
def test_an_address_written_otherwise_opens_nothing(stranger: FlaskClient, path: str) -> None:
    assert stranger.get(path).status_code in {308, 401, 404}


def sign_in(client: FlaskClient, email: str, path: str = f"{API}/session") -> None:
    page = client.get(path, base_url=SITE)
    fields = {name: unescape(value) for name, value in hidden(page.text)}
    fields |= {"email": email, "password": PASSWORD}
    headers = {"Referer": SITE + path}
    answer = client.post(path, data=fields, base_url=SITE, headers=headers)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith("/api/v1/"), "an open redirect"


def hidden(text: str) -> list[tuple[str, str]]:
    return findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text)


def authorization(app: Flask, verifier: str = "v" * 43, **changes: str) -> str:
    """What a public program asks for, as the query of the consent page's address."""
    with app.app_context():
        shop, _ = clients.add_client("Shop", ["books:read"], [CALLBACK], public=True)
        shop_id = shop.client_id
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": shop_id,
        "redirect_uri": CALLBACK,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return urlencode(query)


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Fills the list with the SQL that runs within."""
    seen: list[str] = []

    def remember(*args: Any) -> None:
        if not args[2].startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(args[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", remember)


def test_nobody_is_sent_elsewhere_after_signing_in(app: Flask, stranger: FlaskClient) -> None:
    email = person(app, "member")[1]

    sign_in(stranger, email, f"{API}/session?next=https://evil.example.org")
    stranger.get(f"{API}/oauth/authorize?next=//evil.example.org", base_url=SITE)


def test_a_name_is_no_script(app: Flask, stranger: FlaskClient) -> None:
    person(app, "member", name="<script>alert(1)</script>")
    sign_in(stranger, person(app, "admin")[1])

    page = stranger.get(f"{API}/desk/users", base_url=SITE)

    assert page.status_code == 200
    assert "<script" not in page.text
    assert page.headers["X-Frame-Options"] == "DENY"
    query = authorization(app)
    with app.app_context():
        db.session.execute(update(OAuthClient).values(name="<script>alert(1)</script>"))
        db.session.commit()
    page = stranger.get(f"{API}/oauth/authorize?{query}", base_url=SITE)
    assert "alert(1)" in page.text
    assert "<script" not in page.text


def test_a_cookie_of_ones_own_making_is_nobody(stranger: FlaskClient) -> None:
    for value in ("x", "e30.x.y", "eyJmYW1pbHkiOiJ4In0.aaaaaa.bbbbbb"):
        stranger.set_cookie("__Host-session", value, secure=True)
        assert stranger.get(f"{API}/desk/users", base_url=SITE).status_code == 302


def test_no_parameter_crashes_the_authorization_server(app: Flask, stranger: FlaskClient) -> None:
    with app.app_context():
        shop, secret = clients.add_client("Shop", ["books:read"], [CALLBACK], public=False)
        shop_id = shop.client_id
    sign_in(stranger, person(app, "member")[1])
    good = {
        "response_type": "code",
        "client_id": shop_id,
        "redirect_uri": CALLBACK,
        "scope": "books:read",
        "state": "s",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    odd = ["", '"', "é", "\\", "\n", "a b", "x" * 3000, "<b>", "\x00", "%00", "javascript:alert(1)"]
    for name in good:
        for value in odd:
            query = urlencode({**good, name: value})
            answer = stranger.get(f"{API}/oauth/authorize?{query}", base_url=SITE)
            assert answer.status_code < 500, (name, value)
            location = answer.headers.get("Location", CALLBACK)
            assert location.startswith(CALLBACK), (name, value, location)
        twice = urlencode([*good.items(), (name, "twice")])
        answer = stranger.get(f"{API}/oauth/authorize?{twice}", base_url=SITE)
        assert answer.status_code < 500, name
    token = {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
    for name in (*token, "code_verifier", "client_id", "scope", "refresh_token", "token"):
        for value in odd:
            for path in ("token", "revoke"):
                answer = stranger.post(
                    f"{API}/oauth/{path}", data={**token, name: value}, auth=(shop_id, secret or "")
                )
                assert answer.status_code < 500, (path, name, value)


def test_no_parameter_counts_that_a_log_would_keep(app: Flask, stranger: FlaskClient) -> None:
    with app.app_context():
        program, secret = clients.add_client("Job", ["books:read"], [], public=False)
        credentials = (program.client_id, secret or "")
    path, sent = f"{API}/oauth/token", {"grant_type": "client_credentials"}

    assert stranger.post(path, data=sent, auth=credentials).status_code == 200
    assert stranger.post(path, query_string=sent, auth=credentials).status_code == 400
    answer = stranger.post(path, query_string=sent, data=sent, auth=credentials)
    assert answer.status_code == 400


def test_a_code_for_less_buys_no_more(app: Flask, stranger: FlaskClient) -> None:
    with app.app_context():
        shop, _ = clients.add_client("Shop", ["books:read", "admin"], [CALLBACK], public=True)
        shop_id = shop.client_id
    sign_in(stranger, person(app, "member")[1])
    verifier = secrets.token_urlsafe(40)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": shop_id,
        "redirect_uri": CALLBACK,
        "scope": "admin books:read",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    path = f"{API}/oauth/authorize?{urlencode(query)}"
    page = stranger.get(path, base_url=SITE).text
    assert "see the catalogue" in page
    assert "administer the library" not in page
    fields = dict(hidden(page))
    headers = {"Referer": SITE + path}
    agreed = stranger.post(
        path, data={**fields, "decision": "allow"}, base_url=SITE, headers=headers
    )
    code = agreed.headers["Location"].partition("code=")[2]
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": shop_id,
        "code_verifier": verifier,
        "scope": "admin users:write",
    }
    tokens = stranger.post(f"{API}/oauth/token", data=exchange).get_json()

    answer = stranger.get(f"{API}/admin/stats", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 403
    answer = stranger.get(f"{API}/users", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 403


def test_a_client_that_lost_a_scope_has_lost_it(app: Flask, stranger: FlaskClient) -> None:
    with app.app_context():
        program, secret = clients.add_client("Job", ["books:read", "users:read"], [], public=False)
        program_id = program.client_id
    data = {"grant_type": "client_credentials"}
    answer = stranger.post(f"{API}/oauth/token", data=data, auth=(program_id, secret or ""))
    headers = bearer(answer.get_json()["access_token"])
    assert stranger.get(f"{API}/users", headers=headers).status_code == 200
    with app.app_context():
        db.session.get_one(OAuthClient, program_id).scope = "books:read"
        db.session.commit()

    assert stranger.get(f"{API}/users", headers=headers).status_code == 403


def test_no_body_crashes_what_reads_it(app: Flask, stranger: FlaskClient) -> None:
    member = bearer(log_in(stranger, person(app, "member")[1])["access_token"])
    asked = {
        "auth/login": {"email": "a@example.org", "password": "x"},
        "auth/refresh": {"refresh_token": "x"},
        "users/me/password": {"current_password": "x", "new_password": "y" * 12},
    }
    for path, good in asked.items():
        method = "PUT" if path.startswith("users") else "POST"
        bodies = ["[" * 100_000, '{"a":' * 5000, '"', "\ufeff{}"]
        for name, value in good.items():
            for odd in (r"\ud800", r"\u0000", r"\udfff\ud800"):
                bodies.append(json.dumps(good).replace(f'"{value}"', f'"{value}{odd}"'))
                bodies.append(json.dumps(good).replace(f'"{name}"', f'"{name}{odd}"'))
        raw = [body.encode() for body in bodies] + [b'{"email": "\xed\xa0\x80"}', b"\xff\xfe{"]
        for body in raw:
            answer = stranger.open(
                f"{API}/{path}",
                method=method,
                data=body,
                headers=member,
                content_type="application/json",
            )
            assert answer.status_code == 400, (path, body[:80], answer.status_code)


def test_a_form_for_admins_is_for_admins(app: Flask, stranger: FlaskClient) -> None:
    victim = person(app, "member")[0]
    sign_in(stranger, person(app, "librarian")[1])
    fields = dict(hidden(stranger.get(f"{API}/session", base_url=SITE).text))
    path = f"{API}/desk/users/{victim}/deactivate"
    answer = stranger.post(path, data=fields, base_url=SITE, headers={"Referer": SITE + path})

    assert "csrf_token" in fields
    assert answer.status_code == 403, answer.text
    with app.app_context():
        assert db.session.get_one(User, victim).active


def test_no_page_number_crashes_the_desk(app: Flask, stranger: FlaskClient) -> None:
    sign_in(stranger, person(app, "admin")[1])
    for number in ("0", "-1", "x", "1e3", "9" * 30, "9" * 5000, "%00"):
        answer = stranger.get(f"{API}/desk/users?page={number}", base_url=SITE)
        assert answer.status_code == 422, number


def test_a_thing_of_somebody_else_is_not_there(app: Flask, stranger: FlaskClient) -> None:
    victim, thief = person(app, "librarian"), person(app, "librarian")
    mine = bearer(log_in(stranger, victim[1])["access_token"])
    theirs = bearer(log_in(stranger, thief[1])["access_token"])
    body = {"name": "x", "scopes": ["books:read"]}
    key = stranger.post(f"{API}/api-keys", json=body, headers=mine).get_json()

    assert stranger.get(f"{API}/api-keys", headers=theirs).get_json()["total"] == 0
    path = f"{API}/api-keys/{key['id']}"
    assert stranger.post(f"{path}/rotate", headers=theirs).status_code == 404
    assert stranger.delete(path, headers=theirs).status_code == 404
    assert stranger.get(f"{API}/books", headers={"X-API-Key": key["key"]}).status_code == 200
    member = bearer(log_in(stranger, person(app, "member")[1])["access_token"])
    for path in (f"users/{victim[0]}", "users", "loans/history"):
        assert stranger.get(f"{API}/{path}", headers=member).status_code == 403, path


def test_no_verb_and_no_header_is_a_way_around(app: Flask, stranger: FlaskClient) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "X"):
        answer = stranger.open(f"{API}/users", method=method)
        assert answer.status_code in {401, 405}, method
    tricks = {
        "X-HTTP-Method-Override": "OPTIONS",
        "X-Original-URL": f"{API}/auth/login",
        "X-Rewrite-URL": f"{API}/session",
        "X-Forwarded-Prefix": "/static",
        "X-Forwarded-User": "admin",
        "X-Remote-User": "1",
    }
    for name, value in tricks.items():
        assert stranger.get(f"{API}/users", headers={name: value}).status_code == 401, name


CLAIMS = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"]


@pytest.mark.parametrize("name", CLAIMS)
def test_another_address_has_to_be_lived_at(app: Flask, stranger: FlaskClient, name: str) -> None:
    app.config["AUTH_RATE_LIMIT"] = "3 per minute"  # put back by the fixture
    home = {"REMOTE_ADDR": f"198.51.100.{CLAIMS.index(name)}"}  # each test counts for itself
    seen = []
    for number in range(5):
        body = {"email": f"{secrets.token_hex(4)}@example.org", "password": "x"}
        claim = {name: f"for=203.0.113.{number}" if name == "Forwarded" else f"203.0.113.{number}"}
        answer = stranger.post(
            f"{API}/auth/login", json=body, headers=claim, environ_overrides=home
        )
        seen.append(answer.status_code)

    assert seen == [401, 401, 401, 429, 429]


def test_a_stopwatch_learns_nothing(
    app: Flask, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = person(app, "member")[1], "nobody@example.org"
    runs: list[str] = []
    for name in ("hash", "verify"):
        original = getattr(PasswordHasher, name)
        counted = lambda *args, _run=original, **more: (runs.append(""), _run(*args, **more))[1]  # noqa: E731
        monkeypatch.setattr(PasswordHasher, name, counted)
    costs = []
    for email in (known, unknown):
        with statements(app) as seen:
            answer = stranger.post(f"{API}/auth/login", json={"email": email, "password": "wrong"})
        costs.append((answer.status_code, answer.get_json(), len(runs), len(seen)))
        runs.clear()

    assert costs[0] == costs[1]


def test_a_key_costs_the_same_whether_it_is_there(app: Flask, stranger: FlaskClient) -> None:
    librarian = bearer(log_in(stranger, person(app, "librarian")[1])["access_token"])
    body = {"name": "x", "scopes": ["books:read"]}
    prefix = stranger.post(f"{API}/api-keys", json=body, headers=librarian).get_json()["prefix"]
    costs = []
    for guess in (prefix, secrets.token_hex(6)):
        with statements(app) as seen:
            answer = stranger.get(f"{API}/books", headers={"X-API-Key": f"{guess}.{'x' * 43}"})
        costs.append((answer.status_code, answer.get_json(), len(seen)))

    assert costs[0] == costs[1]


def test_a_failing_database_tells_the_log_no_values(
    app: Flask, stranger: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    typed = secrets.token_hex(12)  # a password, in the field for the address
    caplog.set_level(logging.DEBUG)
    with app.app_context():
        db.session.execute(text("ALTER TABLE users RENAME TO gone"))
        db.session.commit()
    answer = stranger.post(f"{API}/auth/login", json={"email": typed, "password": typed})

    assert answer.status_code == 503
    assert "no such table" in caplog.text or "does not exist" in caplog.text
    assert typed not in caplog.text


def test_the_log_cannot_be_guessed_at(
    app: Flask, stranger: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    typed = "hunter2-hunter2"
    stranger.post(f"{API}/auth/login", json={"email": typed, "password": "x"})

    line = next(text for text in caplog.messages if "sign_in_failed" in text)
    noted = json.loads(line)["account"]
    assert len(noted) == 16
    for digest in ("sha256", "sha1", "md5", "sha512"):
        assert noted not in hashlib.new(digest, typed.encode()).hexdigest()


def test_a_token_that_comes_twice_is_written_down(
    app: Flask, stranger: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    user_id, _ = person(app, "member")
    with app.app_context():
        shop, secret = clients.add_client("Shop", ["books:read"], [CALLBACK], public=False)
        token = sessions.begin(user_id, "books:read", shop.client_id).refresh_token
        credentials = (shop.client_id, secret or "")
    body = {"grant_type": "refresh_token", "refresh_token": token}
    statuses = [
        stranger.post(f"{API}/oauth/token", data=body, auth=credentials).status_code
        for _ in range(2)
    ]

    assert statuses == [200, 400]
    (line,) = [json.loads(text) for text in caplog.messages if "grant_refused" in text]
    told = (line["client"], line["address"], line["reason"])
    assert told == (credentials[0], "127.0.0.1", "the token was used before: sign in again")


def test_the_key_of_the_operator_opens_the_admin_routes_alone(
    app: Flask, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ADMIN_KEY", secrets.token_hex(32))
    asked = {"admin/stats": 200, "users": 403, "loans": 403, "users/me": 404, "api-keys": 403}
    key = {"X-Admin-Key": app.config["ADMIN_KEY"]}

    seen = {path: stranger.get(f"{API}/{path}", headers=key).status_code for path in asked}
    assert seen == asked


@pytest.mark.parametrize("key", ["k", "secret" * 9])
def test_no_key_that_can_be_guessed_opens_everything(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", secrets.token_hex(32))
    monkeypatch.setenv("DATABASE_URL", "sqlite://")
    monkeypatch.setenv("ADMIN_KEY", key)

    with pytest.raises(ConfigError, match="ADMIN_KEY"):
        create_app("production")


def test_no_page_can_be_framed(app: Flask, stranger: FlaskClient) -> None:
    query = authorization(app)
    sign_in(stranger, person(app, "admin")[1])
    for path in ("session", "desk/users", f"oauth/authorize?{query}"):
        answer = stranger.get(f"{API}/{path}", base_url=SITE)
        assert answer.status_code == 200, path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_a_state_writes_no_header(app: Flask, stranger: FlaskClient) -> None:
    sign_in(stranger, person(app, "member")[1])
    for state in ("x\r\nSet-Cookie: a=b", "x\nLocation: https://evil.example.org", "&code=mine#"):
        path = f"{API}/oauth/authorize?{authorization(app, state=state)}"
        fields = dict(hidden(stranger.get(path, base_url=SITE).text))
        headers = {"Referer": SITE + path}
        answer = stranger.post(path, data=fields, base_url=SITE, headers=headers)
        assert answer.status_code == 302, answer.text
        assert "Set-Cookie: a" not in str(answer.headers)
        assert answer.headers["Location"].startswith(f"{CALLBACK}?error=access_denied&")
        assert "&code=" not in answer.headers["Location"]
        assert "#" not in answer.headers["Location"]


def test_a_session_planted_before_is_nobody_after(app: Flask, stranger: FlaskClient) -> None:
    stranger.get(f"{API}/session", base_url=SITE)
    planted = stranger.get_cookie("__Host-session")
    assert planted is not None
    sign_in(stranger, person(app, "admin")[1])
    other = app.test_client()
    other.set_cookie("__Host-session", planted.value, secure=True)

    assert other.get(f"{API}/desk/users", base_url=SITE).status_code == 302


def test_no_get_writes(app: Flask, stranger: FlaskClient) -> None:
    email = person(app, "admin")[1]
    tokens = log_in(stranger, email)
    key = stranger.post(
        f"{API}/api-keys",
        json={"name": "x", "scopes": list(SCOPES)},
        headers=bearer(tokens["access_token"]),
    ).get_json()["key"]
    sign_in(stranger, email)
    paths = [
        rule.build(dict.fromkeys(rule.arguments, 1), append_unknown=False)[1]  # type: ignore[index]
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    ]
    assert len(paths) > 15
    for headers in (bearer(tokens["access_token"]), {"X-API-Key": key}, {}):
        for path in (*paths, f"{API}/oauth/authorize?{authorization(app)}"):
            with statements(app) as seen:
                stranger.get(path, base_url=SITE, headers=headers)
            wrote = [sql for sql in seen if not sql.startswith("SELECT")]
            assert wrote == [], path


def test_to_know_who_asks_costs_one_statement(app: Flask, stranger: FlaskClient) -> None:
    tokens = log_in(stranger, person(app, "member")[1])
    with statements(app) as seen:
        answer = stranger.get(f"{API}/users/me", headers=bearer(tokens["access_token"]))

    assert answer.status_code == 200
    assert len(seen) == 1, seen


@pytest.mark.parametrize("what", ["refresh token", "code", "logout"])
def test_of_many_at_once_one_is_served(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # threads need connections of their own, and a database to themselves
    if "TEST_DATABASE_URL" not in os.environ:
        monkeypatch.setenv("TEST_DATABASE_URL", f"sqlite:///{tmp_path / 'race.db'}")
    app = create_app("testing")
    app.config.update(AUTH_RATE_LIMIT="1000 per minute", ACCOUNT_RATE_LIMIT="1000 per minute")
    with app.app_context():
        db.create_all()
    user_id, email = person(app, "member")
    if what == "code":
        verifier = secrets.token_urlsafe(40)
        query = authorization(app, verifier=verifier)
        browser = app.test_client()
        sign_in(browser, email)
        path = f"{API}/oauth/authorize?{query}"
        fields = {**dict(hidden(browser.get(path, base_url=SITE).text)), "decision": "allow"}
        headers = {"Referer": SITE + path}
        agreed = browser.post(path, data=fields, base_url=SITE, headers=headers)
        body = {
            "grant_type": "authorization_code",
            "code": agreed.headers["Location"].partition("code=")[2],
            "redirect_uri": CALLBACK,
            "client_id": dict(part.split("=") for part in query.split("&"))["client_id"],
            "code_verifier": verifier,
        }
        ask = {"path": f"{API}/oauth/token", "data": body}
    elif what == "logout":
        headers = bearer(log_in(app.test_client(), email)["access_token"])
        ask = {"path": f"{API}/auth/logout", "headers": headers}
    else:
        with app.app_context():
            token = sessions.begin(user_id, "books:read", None).refresh_token
        ask = {"path": f"{API}/auth/refresh", "json": {"refresh_token": token}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.test_client().post(**ask), range(8)))  # type: ignore[arg-type]
    with app.app_context():
        db.engine.dispose()

    seen = Counter(answer.status_code for answer in answers)
    assert seen[200] <= 1, seen
    assert not [status for status in seen if status >= 500], seen


def test_every_role_is_known() -> None:
    assert set(ROLE_SCOPES) == {"member", "librarian", "admin"}
