"""Exercise 3.5: API keys are stored as hashes, limited by scope, and rotated without a gap."""

import base64
import json
import secrets
from re import fullmatch

KEYS = "/api/v1/api-keys"
BOOKS = "/api/v1/books"
USERS = "/api/v1/users"


def stored_keys() -> list[dict[str, object]]:
    import world

    return world.rows("api_keys")


def move_expiry(prefix: str, days: float) -> None:
    """Let a key expire so many days from now; a negative number is in the past."""
    from datetime import UTC, datetime, timedelta

    import world
    from app.extensions import db

    keys = world.table("api_keys")
    moment = datetime.now(UTC) + timedelta(days=days)
    db.session.execute(keys.update().where(keys.c.prefix == prefix).values(expires_at=moment))
    db.session.commit()


def days_left(prefix: str) -> float:
    """How long a key still works; 0 where there is none."""
    from datetime import UTC, datetime

    from sqlalchemy import select

    import world
    from app.extensions import db

    keys = world.table("api_keys")
    moment = db.session.scalar(select(keys.c.expires_at).where(keys.c.prefix == prefix))
    return 0 if moment is None else (moment - datetime.now(UTC)).total_seconds() / 86400


def token_of(role: str, scope: str) -> dict[str, str]:
    import world

    return world.bearer(str(world.person(role)), scope)


def close_account(role: str) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    person = world.person(role)
    db.session.execute(users.update().where(users.c.id == person).values(active=False))
    db.session.commit()


def made(client, scopes, **how):
    name = f"script {secrets.token_hex(3)}"
    answer = client.post(KEYS, json={"name": name, "scopes": scopes}, **how)
    assert answer.status_code == 201, (
        f"asking for a key with the scopes {scopes} was answered {answer.status_code}"
    )
    assert answer.json["name"] == name, "the key has another name"
    return answer.json


def ask(client, key, path=BOOKS):
    return client.get(path, headers={"X-API-Key": key})


def code_of(answer):
    return (answer.json or {}).get("code")


def assert_refused(answer, code, what):
    got = (answer.status_code, code_of(answer))
    assert got == (401, code), f"{what}: refused otherwise, or not at all"
    assert answer.headers.get("WWW-Authenticate"), f"{what}: a 401 says how to ask"


def test_a_key_opens_what_its_scopes_say(librarian, anonymous):
    key = made(librarian, ["books:read"])["key"]

    status = ask(anonymous, key).status_code
    assert status == 200, f"a key for books:read was answered {status} by GET {BOOKS}"
    answer = ask(anonymous, key, USERS)
    assert (answer.status_code, code_of(answer)) == (403, "insufficient_scope"), (
        "a key for books:read was used on the users: a foreign scope is 403"
    )
    answer = ask(anonymous, key, "/api/v1/users/me")
    assert answer.status_code == 200, "a key speaks for whoever made it"
    two = made(librarian, ["books:read", "users:read"])["key"]
    for path in (BOOKS, USERS):
        status = ask(anonymous, two, path).status_code
        assert status == 200, f"a key for books:read and users:read was answered {status} by {path}"


def test_only_a_hash_is_stored(librarian, inside):
    made_key = made(librarian, ["books:read"])
    prefix, _, secret = made_key["key"].partition(".")
    row = inside(stored_keys)[0]

    assert prefix == row["prefix"] == made_key["prefix"], "a key is written prefix.secret"
    assert fullmatch("[0-9a-f]{12}", prefix), "the prefix is 12 hexadecimal digits"
    assert prefix not in row["secret_hash"], "the prefix is random, not a piece of the hash"
    assert len(secret) >= 43, f"the secret has {len(secret)} characters, a new_secret() has 43"
    assert secret not in json.dumps(inside(stored_keys)), "the secret stands in the database"
    listed = librarian.get(KEYS).json
    assert secret not in json.dumps(listed), "the list of keys shows a secret: it is shown once"
    assert row["secret_hash"] not in json.dumps(listed), "the list of keys shows a hash"


def test_basic_auth_is_the_same_key(librarian, anonymous):
    prefix, _, secret = made(librarian, ["books:read"])["key"].partition(".")

    status = anonymous.get(BOOKS, auth=(prefix, secret)).status_code
    assert status == 200, f"prefix and secret by HTTP Basic were answered {status}"
    sent = base64.b64encode(f"{prefix}:{secret}".encode()).decode()
    status = anonymous.get(BOOKS, headers={"Authorization": f"basic {sent}"}).status_code
    assert status == 200, f"the same with basic in small letters was answered {status}: RFC 7617"
    others = {
        "a wrong secret": (prefix, secret + "x"),
        "an unknown prefix": (secrets.token_hex(6), secret),
        "nothing": ("", ""),
    }
    for what, sent in others.items():
        answer = anonymous.get(BOOKS, auth=sent)
        assert_refused(answer, "api_key_invalid", f"{what} by HTTP Basic")
    raw = base64.b64encode(prefix.encode()).decode()
    odd = anonymous.get(BOOKS, headers={"Authorization": f"Basic {raw}"})
    assert odd.status_code == 401, f"HTTP Basic without a colon was answered {odd.status_code}"
    strange = {"Authorization": "Basic é".encode().decode("latin-1")}
    odd = anonymous.get(BOOKS, headers=strange)
    assert odd.status_code == 401, (
        f"HTTP Basic with letters outside ASCII was answered {odd.status_code}: reading"
        " request.authorization may raise ValueError"
    )


def test_a_wrong_key_learns_nothing(librarian, anonymous, inside):
    key = made(librarian, ["books:read"])["key"]
    prefix, _, secret = key.partition(".")
    (row,) = inside(stored_keys)
    wrong = {
        "an unknown prefix": f"{secrets.token_hex(6)}.{secret}",
        "half a prefix": f"{prefix[:6]}.{secret}",
        "a pattern for a prefix": f"{prefix[:6]}%.{secret}",
        "a wrong secret": f"{prefix}.{secrets.token_urlsafe(32)}",
        "the stored hash for a secret": f"{prefix}.{row['secret_hash']}",
        "no secret": f"{prefix}.",
        "no dot": f"{prefix}{secret}",
        "the prefix alone": prefix,
        "nothing": "",
        "another alphabet": "ключ.секрет".encode().decode("latin-1"),
    }

    bodies = set()
    for what, text in wrong.items():
        answer = ask(anonymous, text)
        assert_refused(answer, "api_key_invalid", f"a key with {what}")
        bodies.add(json.dumps(answer.json, sort_keys=True))
    assert len(bodies) == 1, "the words differ with the mistake: they tell which prefixes there are"


def test_a_wrong_key_is_not_made_good_by_a_token(librarian, anonymous):
    prefix, _, secret = made(librarian, ["books:read"])["key"].partition(".")
    wrong = {"X-API-Key": "a.b"}

    answer = librarian.get(BOOKS, headers=wrong)
    assert_refused(
        answer, "api_key_invalid", "a wrong key beside a good token: what was tried counts"
    )
    answer = anonymous.get(BOOKS, headers=wrong, auth=(prefix, secret))
    assert_refused(
        answer,
        "api_key_invalid",
        "a wrong X-API-Key beside a right key by Basic: the former wins",
    )


def test_nobody_hands_on_what_they_do_not_have(librarian, anonymous, inside):
    narrow = inside(token_of, "librarian", "users:write books:read")
    cases = {
        "admin, by a librarian": (librarian, ["books:read", "admin"], {}),
        "books:write, by a token without it": (anonymous, ["books:write"], {"headers": narrow}),
    }

    for what, (client, scopes, how) in cases.items():
        answer = client.post(KEYS, json={"name": "x", "scopes": scopes}, **how)
        assert (answer.status_code, code_of(answer)) == (403, "scope_not_granted"), (
            f"a key with the scope {what}, was handed out: nobody gives what they do not have"
        )
    assert inside(stored_keys) == [], "a refused key was stored"
    made(anonymous, ["books:read", "users:write"], headers=narrow)


def test_a_rotation_overlaps(librarian, anonymous, inside):
    old = made(librarian, ["books:read"])
    answer = librarian.post(f"{KEYS}/{old['id']}/rotate")
    assert answer.status_code == 201, f"a rotation was answered {answer.status_code}"
    new = answer.json

    assert new["key"] != old["key"], "the rotation gave the old key again"
    assert (new["name"], new["scope"]) == (old["name"], old["scope"]), "the new key is another one"
    for which, key in (("old", old), ("new", new)):
        status = ask(anonymous, key["key"]).status_code
        assert status == 200, (
            f"right after the rotation the {which} key was answered {status}: both work for a day,"
            " so that nobody has to change over in the same second"
        )
    assert 0.9 < inside(days_left, old["prefix"]) <= 1, "the old key has one day left"
    assert 89 < inside(days_left, new["prefix"]) <= 90, "the new key has ninety days"
    inside(move_expiry, old["prefix"], -0.01)
    assert_refused(ask(anonymous, old["key"]), "api_key_expired", "the old key after the overlap")
    assert ask(anonymous, new["key"]).status_code == 200, "the new key outlives the old one"


def test_a_rotation_never_lengthens_a_life(librarian, anonymous, inside):
    soon, past = made(librarian, ["books:read"]), made(librarian, ["books:read"])
    inside(move_expiry, soon["prefix"], 0.25)
    inside(move_expiry, past["prefix"], -1)
    for key in (soon, past):
        answer = librarian.post(f"{KEYS}/{key['id']}/rotate")
        assert answer.status_code == 201, f"a rotation was answered {answer.status_code}"
        assert inside(days_left, answer.json["prefix"]) > 89, (
            "the key in the place of one that ends soon ends soon too: it has ninety days itself"
        )

    assert inside(days_left, soon["prefix"]) <= 0.25, (
        "a key that had six hours left got a whole day"
    )
    assert_refused(ask(anonymous, past["key"]), "api_key_expired", "an expired key, rotated")


def test_a_rotation_gives_no_more_than_the_caller_has(librarian, anonymous, inside):
    strong = made(librarian, ["books:read", "books:write"])
    narrow = inside(token_of, "librarian", "users:write")
    answer = anonymous.post(f"{KEYS}/{strong['id']}/rotate", headers=narrow)

    assert (answer.status_code, code_of(answer)) == (403, "scope_not_granted"), (
        "a token without books:write rotated a key that has it, and was shown the new secret"
    )
    assert len(inside(stored_keys)) == 1, "a refused rotation stored a key"


def test_an_expired_key_opens_nothing(librarian, anonymous, inside):
    key = made(librarian, ["books:read"])
    assert 89 < inside(days_left, key["prefix"]) <= 90, "a new key is good for ninety days"
    inside(move_expiry, key["prefix"], -0.001)

    assert_refused(ask(anonymous, key["key"]), "api_key_expired", "a key whose time is over")
    answer = ask(anonymous, f"{key['prefix']}.wrong")
    assert_refused(answer, "api_key_invalid", "a wrong secret for an expired key")


def test_a_key_ends_with_its_row_or_its_owner(librarian, anonymous, inside):
    removed, kept = made(librarian, ["books:read"]), made(librarian, ["books:read"])
    status = librarian.delete(f"{KEYS}/{removed['id']}").status_code
    assert status == 204, f"removing a key was answered {status}"
    assert_refused(ask(anonymous, removed["key"]), "api_key_invalid", "a key that was removed")
    assert ask(anonymous, kept["key"]).status_code == 200, "another key was removed with it"

    inside(close_account, "librarian")
    status = ask(anonymous, kept["key"]).status_code
    assert status == 401, f"the key of a closed account was answered {status}"


def test_without_a_key_other_credentials_count(member):
    assert member.get(BOOKS).status_code == 200, "a bearer token no longer works"
