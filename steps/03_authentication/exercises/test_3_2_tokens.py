"""Exercise 3.2: access tokens say enough, live shortly, and are refused in words of our own."""

import base64
import json
import secrets
import time

import pytest

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/users/me"


def account(role: str) -> dict[str, object]:
    import world

    return world.account(role)


def tokens(cases: list[dict[str, object]], sub: str) -> list[str]:
    import world

    return [world.token(**{"sub": sub, **case}) for case in cases]


def somebody() -> str:
    import world

    return str(world.person("member"))


def tokens_with(sub: str, headers: list[dict[str, str | None]]) -> list[str]:
    """The same claims, with another header and a signature to match; ``None`` leaves a part out."""
    import json

    import world
    from app.auth.keys import signing_key

    key = signing_key()
    body = world.token(sub=sub).split(".")[1]
    claims = json.loads(world.base64.urlsafe_b64decode(body + "=="))
    usual = {"typ": "JWT", "alg": "HS256", "kid": key.kid}
    made = [
        {name: value for name, value in {**usual, **header}.items() if value is not None}
        for header in headers
    ]
    return [world.sign(header, claims, key.secret) for header in made]


def change_the_key(secret: str) -> None:
    import world

    world.set_config(SECRET_KEY=secret)


def signed_by_us(token: str, kid: object) -> bool:
    from jwt import InvalidTokenError, PyJWS

    from app.auth.keys import verifying_key

    key = verifying_key(kid)
    try:
        return key is not None and bool(PyJWS().decode(token, key.secret, algorithms=["HS256"]))
    except InvalidTokenError:
        return False


def issued(scopes: list[str]) -> str:
    from app.auth.tokens import issue_access_token

    return issue_access_token("client:nightly", scopes)


def issued_elsewhere(issuer: str, audience: str) -> dict[str, object]:
    """A token of an app whose config names other ones, and how it answers its own and ours."""
    from unittest.mock import patch

    import world
    from app.auth.tokens import issue_access_token
    from app.config import BaseConfig

    with patch.multiple(BaseConfig, ISSUER=issuer, AUDIENCE=audience):
        app = world.new_app()
    with app.app_context():
        subject = str(world.account()["id"])
        own = issue_access_token(subject, [])
        asked = {
            "its own": own,
            "our issuer's": world.token(sub=subject, aud=audience),
            "for our audience": world.token(sub=subject, iss=issuer),
        }
    answers = {}
    for what, token in asked.items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = app.test_client().get("/api/v1/users/me", headers=headers)
        answers[what] = (answer.json or {}).get("code", answer.status_code)
    return {"token": own, "answers": answers}


def plant_views() -> None:
    """One that the extension guards, and one that asks for the claims whatever the method."""
    from flask import current_app
    from flask_jwt_extended import jwt_required

    import world
    from app.auth.tokens import claims_of_request

    def claims():
        return dict(claims_of_request())

    for name, view in {"jwt": jwt_required()(dict), "claims": claims}.items():
        view.__module__ = world.__name__
        rule = f"/probe/{name}"
        current_app.add_url_rule(
            rule, name, view, methods=["GET", "OPTIONS"], provide_automatic_options=False
        )
    world.open_to_all(current_app)


def ask_while_revoked(token: str, path: str) -> list[object]:
    """What the app answers where every token counts as revoked."""
    from flask import current_app

    from app.auth import tokens
    from app.services import sessions

    original, asked = sessions.is_revoked, []

    def is_revoked(claims):
        asked.append(claims.get("sub"))
        return True

    homes = [home for home in (sessions, tokens) if vars(home).get("is_revoked") is original]
    for home in homes:
        home.is_revoked = is_revoked
    try:
        headers = {"Authorization": f"Bearer {token}"}
        answer = current_app.test_client().get(path, headers=headers)
    finally:
        for home in homes:
            home.is_revoked = original
    return [asked, answer.status_code, (answer.json or {}).get("code")]


def read(token: object) -> list[dict[str, object]]:
    """Header and claims of a token, as anybody can read them."""
    assert isinstance(token, str), f"the access token is a text, not {token!r}"
    assert token.count(".") == 2, f"{token[:20]}… is not a signed JSON Web Token (two dots)"
    parts = [part + "=" * (-len(part) % 4) for part in token.split(".")[:2]]
    return [json.loads(base64.urlsafe_b64decode(part)) for part in parts]


def log_in(client, user):
    answer = client.post(LOGIN, json={"email": user["email"], "password": user["password"]})
    assert answer.status_code == 200, (
        f"the right address and password answered {answer.status_code}: a login hands out a token"
    )
    return answer.json["access_token"]


def ask(client, token, path=ME):
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def assert_refused(answer, code, what):
    assert answer.status_code == 401, (
        f"{what} was answered {answer.status_code}: it is 401 that tells a client to sign in again"
    )
    body = answer.json
    keys = set(body) if isinstance(body, dict) else set()
    assert keys == {"code", "message", "details"}, f"{what} was refused, but not in the envelope"
    assert body["code"] == code, f"{what} was refused with the code {body['code']!r}"
    challenge = answer.headers.get("WWW-Authenticate", "")
    assert challenge.startswith("Bearer"), (
        f"{what}: a 401 says how to ask, WWW-Authenticate: Bearer …"
    )


def test_a_login_gives_a_token_that_says_enough(anonymous, inside):
    user = inside(account, "librarian")
    before = int(time.time())
    header, claims = read(log_in(anonymous, user))

    assert header.get("alg") == "HS256", f"the token is signed with {header.get('alg')}"
    assert header.get("kid"), "the header has no kid: nobody knows which key to verify with"
    expected = {"sub": str(user["id"]), "iss": "library", "aud": "library-api"}
    got = {name: claims.get(name) for name in expected}
    assert got == expected, "who it is about, who made it, whom it is for: a claim is not as agreed"
    missing = [name for name in ("iat", "exp", "jti", "scope", "sid") if name not in claims]
    assert missing == [], f"the token lacks the claim {', '.join(missing)}"
    assert before <= claims["iat"] <= time.time(), "iat is the moment at which the token was made"
    assert claims["exp"] - claims["iat"] == 900, (
        f"the token lives for {claims['exp'] - claims['iat']} seconds: a stolen one should be of"
        " no use after fifteen minutes"
    )
    assert set(str(claims["scope"]).split()) == {
        "books:read",
        "books:write",
        "loans:read",
        "loans:write",
        "users:read",
        "users:write",
    }, "scope holds names with spaces between them: for a librarian all but admin"


def test_a_token_of_no_family_says_so(inside):
    claims = read(inside(issued, ["books:read"]))[1]

    assert "sid" in claims, "a token of no family lacks the claim sid: it is there, and null"
    found = {name: claims[name] for name in ("sub", "scope", "sid")}
    assert found == {"sub": "client:nightly", "scope": "books:read", "sid": None}


def test_issuer_and_audience_are_those_of_the_config(inside):
    issuer, audience = (f"{name}-{secrets.token_hex(3)}" for name in ("archive", "archive-api"))
    found = inside(issued_elsewhere, issuer, audience)

    claims = read(found["token"])[1]
    assert [claims.get("iss"), claims.get("aud")] == [issuer, audience], (
        "an app whose config names another ISSUER and AUDIENCE made a token: both come from there"
    )
    wanted = {"its own": 200, "our issuer's": "token_issuer", "for our audience": "token_audience"}
    assert found["answers"] == wanted, (
        "such an app was shown a token of its own, one of our issuer's, and one for our audience:"
        " it accepts what its config says, and refuses ours"
    )


def test_every_token_has_its_own_name_and_our_signature(anonymous, inside):
    user = inside(account, "member")
    issued = [log_in(anonymous, user) for _ in range(3)]

    names = {read(token)[1].get("jti") for token in issued}
    assert len(names) == 3, "three tokens share a jti: one could not be revoked without the others"
    inside(change_the_key, secrets.token_urlsafe(32))
    for token in (issued[0], log_in(anonymous, user)):
        mine = inside(signed_by_us, token, read(token)[0].get("kid"))
        assert mine is (token != issued[0]), (
            "the signature is not that of signing_key() as it was when the token was made"
        )


def test_a_token_opens_the_door(anonymous, inside):
    user = inside(account, "member")
    answer = ask(anonymous, log_in(anonymous, user))

    assert answer.status_code == 200, f"our own token was answered {answer.status_code}"
    assert answer.json["email"] == user["email"], "the token spoke for somebody else"
    cases = {
        "all the claims of the contract": {},
        "all of them but sid, which may be missing": {"without": "sid"},
    }
    made = inside(tokens, list(cases.values()), inside(somebody))
    for what, token in zip(cases, made, strict=True):
        status = ask(anonymous, token).status_code
        assert status == 200, f"a token with {what} was answered {status}"


@pytest.mark.parametrize(
    ("code", "cases"),
    [
        ("token_expired", [{"exp_in": -1}, {"exp_in": -86400}]),
        ("token_issuer", [{"iss": "somebody"}, {"iss": "library.example.org"}]),
        ("token_audience", [{"aud": "another-api"}, {"aud": ["another-api", "a-third"]}]),
        (
            "token_claims",
            [{"without": name} for name in ("exp", "iat", "jti", "scope", "aud", "iss")],
        ),
        ("token_claims", [{"without": "sub"}]),
        ("token_claims", [{"scope": ["admin"]}, {"sid": ["a"]}, {"sid": 7}]),
        ("token_subject", [{"sub": 1}]),
        ("token_type", [{"type": "refresh"}]),
        ("token_key", [{"kid": "somebody-elses"}]),
        ("token_signature", [{"secret": "x" * 32}]),
        ("token_invalid", [{"iat": int(time.time()) + 600}]),
    ],
    ids=[
        "expired",
        "issuer",
        "audience",
        "claims",
        "no_sub",
        "kinds",
        "subject",
        "type",
        "key",
        "signature",
        "not_yet",
    ],
)
def test_a_token_that_does_not_hold_is_refused(anonymous, inside, code, cases):
    subject = inside(somebody)

    for case, token in zip(cases, inside(tokens, cases, subject), strict=True):
        assert_refused(ask(anonymous, token), code, f"a token with {case}")


def test_only_our_algorithm_counts(anonymous, inside):
    algorithms = ["none", "None", "HS384", "HS512"]
    headers = [{"alg": algorithm} for algorithm in algorithms]
    *others, nameless = inside(tokens_with, inside(somebody), [*headers, {"kid": None}])

    for algorithm, token in zip(algorithms, others, strict=True):
        assert_refused(ask(anonymous, token), "token_algorithm", f"a token with alg {algorithm}")
    assert_refused(ask(anonymous, nameless), "token_key", "a token without a kid")


def test_what_is_no_token_is_malformed(anonymous):
    for text in ("x", "a.b.c", "..", secrets.token_urlsafe(30), "one two"):
        assert_refused(ask(anonymous, text), "token_malformed", f"Authorization: Bearer {text}")
    answer = anonymous.get(ME, headers={"Authorization": "Bearer"})
    assert_refused(answer, "token_malformed", "Authorization: Bearer, with nothing after it")


def test_without_a_token_nobody_is_known(anonymous, inside):
    inside(plant_views)
    token = inside(tokens, [{}], inside(somebody))[0]
    anonymous.set_cookie("access_token_cookie", token)

    asked = {
        "no token at all": {},
        "another scheme": {"headers": {"Authorization": f"Digest {token}"}},
        "a token in the address": {"query_string": {"jwt": token, "access_token": token}},
        "a token in the body": {"json": {"access_token": token}},
        "a token in a cookie": {},
    }
    for what, how in asked.items():
        assert_refused(anonymous.get(ME, **how), "token_missing", what)
    answer = anonymous.options("/probe/claims")
    assert_refused(answer, "token_missing", "OPTIONS without a token, in a view that needs one")


def test_a_view_with_jwt_required_refuses_alike(anonymous, inside):
    inside(plant_views)
    subject = inside(somebody)
    cases = {
        "token_expired": {"exp_in": -1},
        "token_subject": {"sub": 1},
        "token_type": {"type": "refresh"},
        "token_claims": {"without": "scope"},
        "token_issuer": {"iss": "somebody"},
    }
    made = inside(tokens, list(cases.values()), subject)

    for code, token in zip(cases, made, strict=True):
        what = f"in a view with jwt_required, a token with {cases[code]}"
        assert_refused(ask(anonymous, token, "/probe/jwt"), code, what)
    assert_refused(anonymous.get("/probe/jwt"), "token_missing", "such a view without a token")
    assert_refused(ask(anonymous, "x", "/probe/jwt"), "token_malformed", "such a view, with x")


def test_every_token_is_checked_against_the_blocklist(inside):
    subject = inside(somebody)
    token = inside(tokens, [{}], subject)[0]
    inside(plant_views)

    for path in (ME, "/probe/jwt"):
        asked, status, code = inside(ask_while_revoked, token, path)
        assert set(asked) == {subject}, (
            f"GET {path}: nobody asked sessions.is_revoked about a token, or about another"
        )
        assert len(asked) == 1 or path != ME, "is_revoked was asked more than once for one request"
        assert (status, code) == (401, "token_revoked"), f"GET {path} took a revoked token"
