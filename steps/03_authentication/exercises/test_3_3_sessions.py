"""Exercise 3.3: keys rotate, refresh tokens work once, and what was given can be taken back."""

import base64
import json
import re
import secrets
import time
from datetime import datetime

import pytest

ME = "/api/v1/users/me"


def account() -> dict[str, object]:
    import world

    return world.account("member")


def set_keys(listed: str) -> None:
    import world

    world.set_config(SIGNING_KEYS=listed)


def ring(listed: str, secret_key: str) -> list[list[str]]:
    """Each key of the ring: its kid and the hexadecimal digits of its secret."""
    from app.auth.keys import read_keys

    keys = read_keys({"SIGNING_KEYS": listed, "SECRET_KEY": secret_key})
    return [[key.kid, key.secret.hex()] for key in keys]


def start_with(rings: list[str]) -> list[list[str]]:
    """What comes of a start with each of these: an exception's type and message."""
    from app import create_app
    from world import environment

    raised = []
    for listed in rings:
        with environment(SIGNING_KEYS=listed):
            try:
                create_app("testing")
            except Exception as error:  # noqa: BLE001 - judged by the test
                raised.append([type(error).__name__, str(error)])
            else:
                raised.append(["nothing was raised", ""])
    return raised


def stored(name: str) -> list[dict[str, object]]:
    import world

    return world.rows(name)


def age(token_hash: str, days: float) -> None:
    """Let a refresh token have been made so many days ago."""
    from datetime import timedelta

    from sqlalchemy import select

    from app.extensions import db
    from world import table

    rows = table("refresh_sessions")
    mine = rows.c.token_hash == token_hash
    expires_at = db.session.scalar(select(rows.c.expires_at).where(mine))
    moved = expires_at - timedelta(days=days)
    db.session.execute(rows.update().where(mine).values(expires_at=moved))
    db.session.commit()


def close_account(user_id: int) -> None:
    from app.extensions import db
    from world import table

    users = table("users")
    db.session.execute(users.update().where(users.c.id == user_id).values(active=False))
    db.session.commit()


def list_an_expired_token() -> None:
    from datetime import UTC, datetime, timedelta

    from app.extensions import db
    from world import table, word

    past = datetime.now(UTC) - timedelta(minutes=1)
    db.session.execute(table("revoked_tokens").insert().values(jti=word(), expires_at=past))
    db.session.commit()


def shown(secret: str) -> str:
    from app.auth.keys import read_keys

    keys = read_keys({"SIGNING_KEYS": f"a:{secret}", "SECRET_KEY": ""})
    return repr(keys) + str(keys[0])


def kids_of_strangers() -> list[str]:
    """Of what a stranger may write for a kid: what finds a key."""
    from app.auth.keys import signing_key, verifying_key

    ours = signing_key().kid
    kids = [None, "", ours[:-1], f"{ours} ", "*", "\ud800", 7, [ours], {"kid": ours}]
    return [repr(kid) for kid in kids if verifying_key(kid) is not None]


def end_all_of(user_id: int) -> None:
    from app.extensions import db
    from app.models import User
    from app.services import sessions

    sessions.end_all(db.session.get(User, user_id))


def token_from(user_id: int, iat: int) -> str:
    import world

    return world.token(sub=str(user_id), iat=iat)


def begin_for(client_id: str | None, user_id: int | None = None) -> str:
    import world
    from app.services import sessions

    owner = user_id or world.person("member")
    return sessions.begin(owner, "books:read", client_id).refresh_token


def family_of(client_id: str, family_id: str) -> list[list[object]]:
    """Of each token of a family, renewed once: its name, and whose it is."""
    import world
    from app.services import sessions

    first = sessions.begin(world.person("member"), "books:read", client_id, family_id)
    sessions.renew(first.refresh_token, client_id)
    return [
        [row["family_id"], row["client_id"], row["scope"]] for row in world.rows("refresh_sessions")
    ]


def a_client() -> str:
    import world

    return world.add_client("books:read")["client_id"]


def renew_as(token: str, client_id: str | None) -> dict[str, object]:
    """What comes of an exchange: the next token, or the code of the refusal."""
    from app.auth.errors import Unauthenticated
    from app.services import sessions

    try:
        return {"next": sessions.renew(token, client_id).refresh_token}
    except Unauthenticated as error:
        return {"code": error.code}


def renew_in_threads(count: int) -> tuple[list[str], int]:
    """Several exchange one token at the same moment, each with a connection of its own.

    What came of each, and how many tokens of the family are not revoked afterwards.
    """
    import threading

    import world
    from app.services import sessions

    with world.app_on_file() as app:
        with app.app_context():
            token = sessions.begin(world.account()["id"], "books:read", None).refresh_token
        results: list[str] = []
        barrier = threading.Barrier(count)

        def run() -> None:
            with app.app_context():
                barrier.wait()
                try:
                    sessions.renew(token, None)
                    results.append("renewed")
                except Exception as error:  # noqa: BLE001 - judged by the test
                    results.append(getattr(error, "code", type(error).__name__))

        threads = [threading.Thread(target=run) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            from app.extensions import db

            alive = sum(row["revoked_at"] is None for row in world.rows("refresh_sessions"))
            db.session.remove()
            db.engine.dispose()
        return sorted(results), alive


def renew_too_late() -> dict[str, object]:
    """A token that somebody else exchanges between our look at it and our write.

    Whoever locked the row, as PostgreSQL would hear it, cannot be overtaken.
    """
    from sqlalchemy import event

    import world
    from app.extensions import db
    from app.services import sessions

    def stays(_connection: object) -> None:  # theirs is committed, whatever we roll back
        world.slip_in("BEGIN", faster)

    token = sessions.begin(world.account()["id"], "books:read", None).refresh_token
    faster = "UPDATE refresh_sessions SET used_at = CURRENT_TIMESTAMP"
    world.slip_in("UPDATE refresh_sessions", faster)
    event.listen(db.engine, "rollback", stays)
    with world.told_to_postgresql() as said:
        try:
            sessions.renew(token, None)
            result = "renewed"
        except Exception as error:  # noqa: BLE001 - judged by the test
            result = getattr(error, "code", type(error).__name__)
    event.remove(db.engine, "rollback", stays)
    alive = sum(row["revoked_at"] is None for row in world.rows("refresh_sessions"))
    return {"result": result, "alive": alive, "locked": "FOR UPDATE" in " ".join(said)}


def log_out_second() -> str:
    """A logout with a token that another logout lists right before our own write."""
    import secrets
    import time

    import world
    from app.services import sessions

    claims = {"jti": secrets.token_hex(16), "exp": int(time.time()) + 60, "sub": "1", "iat": 0}
    row = f"'{claims['jti']}', '2100-01-01 00:00:00.000000'"
    faster = f"INSERT INTO revoked_tokens (jti, expires_at) VALUES ({row})"  # noqa: S608
    world.slip_in("INSERT INTO revoked_tokens", faster)
    try:
        sessions.revoke_access_token(claims)
    except Exception as error:  # noqa: BLE001 - judged by the test
        return type(error).__name__
    return "done"


def log_in(client, user):
    answer = client.post(
        "/api/v1/auth/login", json={"email": user["email"], "password": user["password"]}
    )
    assert answer.status_code == 200, f"a login answered {answer.status_code}"
    return answer.json


def refresh(client, token):
    return client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def renewed(client, token):
    assert token, "the login gave no refresh_token: who wants to stay needs one"
    answer = refresh(client, token)
    assert answer.status_code == 200, f"a refresh token that was never used: {answer.status_code}"
    return answer.json


def ask(client, token):
    return client.get(ME, headers={"Authorization": f"Bearer {token}"})


def assert_refused(answer, code, what):
    got = (answer.status_code, (answer.json or {}).get("code"))
    assert got == (401, code), f"{what}: refused otherwise, or not at all"


def kid_of(token):
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]


def claims_of(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def key(kid):
    return f"{kid}:{secrets.token_hex(20)}"


def test_the_first_key_signs_and_all_verify(anonymous, inside):
    user = inside(account)
    old, new = key("2026-01"), key("2026-07")
    inside(set_keys, old)
    before = log_in(anonymous, user)["access_token"]
    inside(set_keys, f"{new} {old}")
    after = log_in(anonymous, user)["access_token"]

    assert (kid_of(before), kid_of(after)) == ("2026-01", "2026-07"), (
        "new tokens are signed with the first key of SIGNING_KEYS, as the config is just now"
    )
    for token in (before, after):
        status = ask(anonymous, token).status_code
        assert status == 200, (
            f"while both keys are in the ring, a token signed with {kid_of(token)} was answered"
            f" {status}: a rotation must not throw anybody out"
        )


def test_a_retired_key_verifies_nothing(anonymous, inside):
    user = inside(account)
    old, new = key("old"), key("new")
    inside(set_keys, old)
    token = log_in(anonymous, user)["access_token"]
    inside(set_keys, new)

    assert_refused(ask(anonymous, token), "token_key", "a token of a key that is no longer listed")
    swapped = f"old:{new.partition(':')[2]}"
    inside(set_keys, swapped)
    assert_refused(ask(anonymous, token), "token_signature", "the same kid with another secret")


def test_without_a_list_there_is_one_key_of_its_own(inside):
    one, other = secrets.token_hex(32), secrets.token_hex(32)
    rings = [inside(ring, "", secret) for secret in (one, one, other)]
    blank = inside(ring, "  ", one)

    assert [len(keys) for keys in rings] == [1, 1, 1], "an empty list stands for one key"
    assert blank == rings[0], "a list of nothing but spaces is empty, too"
    assert rings[0] == rings[1], "the same SECRET_KEY gives another key each time: tokens would die"
    assert rings[0][0][1] != rings[2][0][1], "two values of SECRET_KEY give the same key"
    used = bytes.fromhex(rings[0][0][1])
    assert used not in {one.encode(), bytes.fromhex(one)}, (
        "SECRET_KEY itself signs tokens: it signs cookies already, and each use needs its own key"
    )


def test_a_ring_is_read_as_it_is_written(inside):
    secret = secrets.token_hex(20) + ":with:colons,and=more"
    keys = inside(ring, f"  a:{secret}   b.2_x-Y:{'é' * 16} ", "s" * 32)

    assert keys == [["a", secret.encode().hex()], ["b.2_x-Y", ("é" * 16).encode().hex()]], (
        "a list of two keys was read otherwise: kid:secret, with spaces between them"
    )
    assert "secret-of-a-key" not in inside(shown, "secret-of-a-key" * 3), (
        "a key shows its secret when it is printed: sooner or later a log has it"
    )
    found = inside(kids_of_strangers)
    assert found == [], f"verifying_key knows a key for {', '.join(found)}: no key has that kid"


def test_a_ring_that_cannot_be_used_stops_the_start(inside):
    good, short = secrets.token_hex(16), secrets.token_hex(16)[:-1]
    rings = {
        "a secret of 31 bytes": f"a:{short}",
        "a kid twice": f"a:{good} a:{good}",
        "no kid": f":{good}",
        "a kid with a slash": f"a/b:{good}",
        "a kid of 33 characters": f"{'k' * 33}:{good}",
        "a kid with a letter outside ASCII": f"\u00e4:{good}",
        "no colon": good,
    }

    found = inside(start_with, list(rings.values()))
    for what, (kind, message) in zip(rings, found, strict=True):
        assert kind == "ConfigError", f"SIGNING_KEYS with {what}: the start must be refused"
        assert "SIGNING_KEYS" in message, f"{what}: the message does not name the setting"
        shown = [secret for secret in (good, short) if secret in message]
        assert shown == [], f"{what}: the message shows a secret, and start-up messages are logged"


def test_a_refresh_token_gives_the_next_pair(anonymous, inside):
    user = inside(account)
    first = log_in(anonymous, user)
    second = renewed(anonymous, first["refresh_token"])
    third = renewed(anonymous, second["refresh_token"])

    assert len({pair["refresh_token"] for pair in (first, second, third)}) == 3, (
        "a refresh token came back unchanged: each works once, and brings the next"
    )
    assert second["scope"] == first["scope"], "a refresh changed the scope"
    answer = ask(anonymous, third["access_token"])
    assert answer.status_code == 200, f"the new access token was answered {answer.status_code}"
    assert answer.json["email"] == user["email"], "the new token is somebody else's"


def test_only_the_hash_is_stored(anonymous, inside):
    token = log_in(anonymous, inside(account))["refresh_token"]
    renewed(anonymous, token)
    rows = inside(stored, "refresh_sessions")

    assert len(rows) == 2, f"a login and a refresh leave {len(rows)} rows: one for each token"
    families = {row["family_id"] for row in rows}
    assert len(families) == 1, "they do not share a family"
    assert re.fullmatch("[0-9a-fA-F]{32}", str(families.pop())), (
        "a new family_id is 32 hexadecimal digits: the column holds no more, and PostgreSQL insists"
    )
    assert token not in json.dumps(rows), (
        "the refresh token stands in the database: who reads a back-up could use it"
    )


@pytest.mark.about("app/services/sessions.py", "def begin(")
def test_a_family_keeps_its_name_and_its_owner(inside):
    client, name = inside(a_client), secrets.token_hex(16)
    found = inside(family_of, client, name)

    assert found == [[name, client, "books:read"]] * 2, (
        "the first token is of the family that was given, and the next one of the same family,"
        " client and scope"
    )


def test_a_token_used_twice_ends_its_family(anonymous, inside):
    user = inside(account)
    first, elsewhere = log_in(anonymous, user), log_in(anonymous, user)
    second = renewed(anonymous, first["refresh_token"])

    again = refresh(anonymous, first["refresh_token"])
    assert_refused(again, "refresh_reused", "a refresh token that was exchanged before")
    heir = refresh(anonymous, second["refresh_token"])
    assert_refused(
        heir, "refresh_revoked", "the next token of that family: one of the two was a thief"
    )
    for pair in (first, second):
        answer = ask(anonymous, pair["access_token"])
        assert_refused(answer, "token_revoked", "an access token of that family")
    status = refresh(anonymous, elsewhere["refresh_token"]).status_code
    assert status == 200, f"another session of the same user was answered {status}: it is innocent"


def test_of_many_at_once_one_is_renewed(inside):
    results, alive = inside(renew_in_threads, 6)

    assert results.count("renewed") <= 1, (
        f"of six who exchanged one token at once, {results.count('renewed')} got the next one"
    )
    strange = sorted(set(results) - {"renewed", "refresh_reused", "refresh_revoked"})
    assert strange == [], "somebody was refused in other words"
    if "refresh_reused" in results:
        assert alive == 0, "of several at once, one was told refresh_reused: the family must end"


def test_whoever_comes_second_is_not_renewed(inside):
    found = inside(renew_too_late)

    refused = found["locked"] or found["result"] in {"refresh_reused", "refresh_revoked"}
    assert refused, (
        "between your look at the token and your write somebody else exchanged it, and this is what"
        f" came of yours: {found['result']}; PostgreSQL does not queue its writers as SQLite does"
    )
    if found["result"] == "refresh_reused":
        assert found["alive"] == 0, "the one who came second is the alarm: the family must end"


def test_a_refresh_token_has_an_owner_and_an_end(anonymous, inside):
    user = inside(account)
    assert_refused(
        refresh(anonymous, secrets.token_urlsafe(32)), "refresh_invalid", "a made-up one"
    )
    foreign = inside(begin_for, inside(a_client))
    assert_refused(refresh(anonymous, foreign), "refresh_invalid", "the token of an OAuth client")

    expiring, token = log_in(anonymous, user)["refresh_token"], None
    for row in inside(stored, "refresh_sessions"):
        inside(age, row["token_hash"], 29)
    token = renewed(anonymous, expiring)["refresh_token"]
    for row in inside(stored, "refresh_sessions"):
        inside(age, row["token_hash"], 30.5)
    for when in (
        "a refresh token after thirty days and a half",
        "the same once more, never exchanged",
    ):
        assert_refused(refresh(anonymous, token), "refresh_expired", when)
    again = refresh(anonymous, expiring)
    assert_refused(again, "refresh_reused", "one that was exchanged before, and has expired since")

    token = log_in(anonymous, user)["refresh_token"]
    inside(close_account, user["id"])
    assert_refused(refresh(anonymous, token), "refresh_revoked", "the token of a closed account")


@pytest.mark.about("app/services/sessions.py", "def renew(")
def test_a_refresh_token_is_for_whoever_got_it(inside):
    one, other, user = inside(a_client), inside(a_client), inside(account)["id"]
    whose = {one: "one program", other: "another program", None: "ourselves"}
    for owner, stranger in ((one, other), (one, None), (None, one)):
        token, ended = (inside(begin_for, owner, user) for _ in range(2))
        what = f"a token that was given to {whose[owner]}, shown by {whose[stranger]}"
        assert inside(renew_as, token, stranger) == {"code": "refresh_invalid"}, what
        heir = inside(renew_as, token, owner).get("next")
        assert heir, f"{what}: now its owner is refused"
        again = inside(renew_as, token, stranger)
        assert again == {"code": "refresh_invalid"}, f"{what}, after its owner has exchanged it"
        assert "next" in inside(renew_as, heir, owner), (
            f"{what}, after its owner has exchanged it: that ended the family of the owner, who"
            " has done nothing wrong"
        )
        inside(end_all_of, user)
        again = inside(renew_as, ended, stranger)
        assert again == {"code": "refresh_invalid"}, f"{what}, of a family that was revoked"


@pytest.mark.about("app/services/sessions.py", "def renew(")
def test_the_first_reason_is_told(anonymous, inside):
    user = inside(account)
    used, old = (log_in(anonymous, user)["refresh_token"] for _ in range(2))
    renewed(anonymous, used)
    for row in inside(stored, "refresh_sessions"):
        inside(age, row["token_hash"], 31)
    inside(end_all_of, user["id"])

    for what, token in {"was exchanged before": used, "has expired": old}.items():
        assert_refused(
            refresh(anonymous, token),
            "refresh_revoked",
            f"a token that {what}, of a family that was revoked: of two reasons the first is told",
        )

    user = inside(account)
    used = log_in(anonymous, user)["refresh_token"]
    renewed(anonymous, used)
    inside(close_account, user["id"])
    assert_refused(
        refresh(anonymous, used),
        "refresh_revoked",
        "a token that was exchanged before, of an account that is closed: the first reason is told",
    )


def test_logging_out_takes_both_tokens_back(anonymous, client, inside):
    user = inside(account)
    inside(list_an_expired_token)
    pair, elsewhere = log_in(anonymous, user), log_in(anonymous, user)
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    status = anonymous.post("/api/v1/auth/logout", headers=headers).status_code
    assert status == 204, f"a logout answered {status}"

    listed = [row["jti"] for row in inside(stored, "revoked_tokens")]
    assert len(listed) == 1, (
        f"after a logout the blocklist has {len(listed)} entries: one for the access token, and"
        " none for a token that has expired meanwhile"
    )
    answer = ask(anonymous, pair["access_token"])
    assert_refused(answer, "token_revoked", "the access token after the logout")
    answer = refresh(anonymous, pair["refresh_token"])
    assert_refused(answer, "refresh_revoked", "the refresh token after the logout")
    status = ask(anonymous, elsewhere["access_token"]).status_code
    assert status == 200, f"a logout here ended a session elsewhere: {status}"
    assert client.post("/api/v1/auth/logout").status_code == 204, "a program logs out too"
    answer = client.get(ME)
    assert_refused(answer, "token_revoked", "a program's token, of no family, after its logout")
    kept = [row["jti"] for row in inside(stored, "revoked_tokens")]
    assert listed[0] in kept, "a logout took somebody else's token off the blocklist before its end"


@pytest.mark.about("app/services/sessions.py", "def revoke_access_token(")
def test_an_entry_of_the_list_ends_with_its_token(anonymous, inside):
    token = log_in(anonymous, inside(account))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    status = anonymous.post("/api/v1/auth/logout", headers=headers).status_code
    ends = [row["expires_at"] for row in inside(stored, "revoked_tokens")]
    assert (status, len(ends)) == (204, 1), "a logout puts the access token on the blocklist"

    end = int(datetime.fromisoformat(ends[0]).timestamp())
    assert end == claims_of(token)["exp"], (
        "an entry of the blocklist ends with its token: sooner, and the token works again; later,"
        " and the list grows"
    )


@pytest.mark.about("app/services/sessions.py", "def revoke_access_token(")
def test_whoever_logs_out_twice_at_once_is_out(inside):
    result = inside(log_out_second)
    assert result == "done", (
        "somebody clicked twice: while yours was at work, another logout listed the same token, and"
        f" this is what came of yours: {result}; a token that is on the list already is no error"
    )


def test_everything_can_be_ended_at_once(anonymous, inside):
    user, other = inside(account), inside(account)
    pairs = [log_in(anonymous, user) for _ in range(2)]
    neighbour = log_in(anonymous, other)
    minted = inside(token_from, user["id"], int(time.time()) - 60)
    program = inside(a_client)
    programs = inside(begin_for, program, user["id"])
    inside(end_all_of, user["id"])

    users = {row["id"]: row["tokens_valid_after"] for row in inside(stored, "users")}
    assert "." not in str(users[user["id"]]), (
        f"tokens_valid_after is {users[user['id']]}: with a fraction, who signs in again within"
        " the same second is refused"
    )
    for pair in pairs:
        answer = ask(anonymous, pair["access_token"])
        assert_refused(answer, "token_revoked", "an access token after end_all")
        answer = refresh(anonymous, pair["refresh_token"])
        assert_refused(answer, "refresh_revoked", "a refresh token after end_all")
    assert inside(renew_as, programs, program) == {"code": "refresh_revoked"}, (
        "the refresh token of a program that acts for the user, after end_all"
    )
    answer = ask(anonymous, minted)
    assert_refused(answer, "token_revoked", "a token of no family, older than tokens_valid_after")
    moment = int(datetime.fromisoformat(users[user["id"]]).timestamp())
    at_once = inside(token_from, user["id"], moment)
    for token in (at_once, log_in(anonymous, user)["access_token"]):
        status = ask(anonymous, token).status_code
        assert status == 200, f"who signs in again at once is answered {status}"
    status = ask(anonymous, neighbour["access_token"]).status_code
    assert status == 200, f"somebody else's token was answered {status}"
