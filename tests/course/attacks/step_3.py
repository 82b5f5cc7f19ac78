"""An attacker's hour on step 3, solved. ``test_attacks.py`` runs this inside a copy of the step."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from html import unescape
from re import findall
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.keys import signing_key
from app.auth.scopes import ROLE_SCOPES
from app.extensions import db
from app.models import OAuthClient, User
from app.services import clients
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


def forged(app: Flask, header: object, body: object) -> str:
    with app.app_context():
        key = signing_key().secret
    text = f"{part(header)}.{part(body)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256))
    return f"{text}.{signature.rstrip(b'=').decode()}"


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
    for text in (
        "Basic é".encode().decode("latin-1"),
        "Basic",
        "Basic =",
        "Basic Og==",
        "Bearer x",
    ):
        for path in ("token", "revoke"):
            answer = stranger.post(
                f"{API}/oauth/{path}",
                data={"grant_type": "client_credentials", "token": "x"},
                headers={"Authorization": text},
            )
            assert answer.status_code in {400, 401}, f"{path}, {text}: {answer.status_code}"


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
    answer = client.post(f"{API}/session", data=fields, base_url=SITE, headers=headers)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith("/api/v1/"), "an open redirect"


def hidden(text: str) -> list[tuple[str, str]]:
    return findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text)


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
    in_the_address = f"{API}/oauth/token?grant_type=client_credentials"
    assert stranger.post(in_the_address, auth=(shop_id, secret or "")).status_code == 400


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
    fields = dict(hidden(stranger.get(path, base_url=SITE).text))
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


def test_every_role_is_known() -> None:
    assert set(ROLE_SCOPES) == {"member", "librarian", "admin"}
