"""Exercise 3.1: a password is hashed slowly, checked evenly, and hashed anew in time."""

import secrets

import pytest


def hashes_of(passwords: list[str]) -> list[str]:
    from app.auth.passwords import hash_password

    return [hash_password(password) for password in passwords]


def hash_at(cost: dict[str, int]) -> str:
    from dataclasses import replace

    from flask import current_app

    from app.auth.passwords import hash_password

    hash_password("another")  # what is kept from this one has yesterday's cost
    parameters = current_app.config["PASSWORD_PARAMETERS"]
    current_app.config["PASSWORD_PARAMETERS"] = replace(parameters, **cost)
    return hash_password("a password")


def argon2_accepts(stored: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(stored, password)
    except (InvalidHashError, VerificationError):
        return False


def check(stored: str | None, password: str, active: bool = True) -> dict[str, object]:
    """What ``check_password`` says of a user with this hash, and each run of argon2: its cost."""
    from unittest.mock import patch

    from argon2 import extract_parameters, low_level

    from app.auth.passwords import check_password
    from app.models import User

    runs: list[str] = []
    library = low_level.lib

    class Counted:
        """Argon2's own library: whichever way one hashes and verifies, it ends here."""

        def __getattr__(self, name):
            return getattr(library, name)

        def argon2_hash(self, rounds, memory, *rest):
            runs.append(f"{rounds} × {memory} KiB")
            return library.argon2_hash(rounds, memory, *rest)

        def argon2_verify(self, encoded, *rest):
            answer = library.argon2_verify(encoded, *rest)
            if answer in (library.ARGON2_OK, library.ARGON2_VERIFY_MISMATCH):
                made = extract_parameters(low_level.ffi.string(encoded).decode())
                runs.append(f"{made.time_cost} × {made.memory_cost} KiB")
            return answer

    user = User(email="a@example.org", name="A", active=active, password_hash=stored)
    with patch.object(low_level, "lib", Counted()):
        answer = check_password(None if stored == "nobody" else user, password)
    return {"answer": answer, "runs": runs, "stored": user.password_hash}


def make_argon2_hash(password: str, rounds: int) -> str:
    from dataclasses import replace

    from argon2 import PasswordHasher, profiles

    parameters = replace(profiles.CHEAPEST, time_cost=rounds)
    return PasswordHasher.from_parameters(parameters).hash(password)


def stored_account(password: str, cost: dict[str, int]) -> dict[str, object]:
    from dataclasses import replace

    from argon2 import PasswordHasher, profiles

    from app.extensions import db
    from world import add_user, table, word

    email = f"{word()}@example.org"
    user_id = add_user(email)
    parameters = replace(profiles.CHEAPEST, **cost)
    stored = PasswordHasher.from_parameters(parameters).hash(password)
    users = table("users")
    db.session.execute(users.update().where(users.c.id == user_id).values(password_hash=stored))
    db.session.commit()
    return {"id": user_id, "email": email, "stored": stored}


def check_and_take_back(user_id: int, password: str) -> bool:
    from app.auth.passwords import check_password
    from app.extensions import db
    from app.models import User

    answer = check_password(db.session.get(User, user_id), password)
    db.session.rollback()
    return answer


def hash_in_database(user_id: int) -> str:
    from world import rows

    return next(row["password_hash"] for row in rows("users") if row["id"] == user_id)


def test_a_password_is_hashed_with_argon2id(inside):
    password = secrets.token_urlsafe(12)
    stored = inside(hashes_of, [password])[0]

    assert str(stored).startswith("$argon2id$"), (
        f"a password was stored as {str(stored)[:12]}…: use argon2id, which is slow and takes"
        " memory, so that a stolen table does not give the passwords away"
    )
    assert inside(argon2_accepts, stored, password), "argon2 does not recognise the hash"


def test_two_hashes_of_one_password_differ(inside):
    one, other = inside(hashes_of, [secrets.token_urlsafe(12)] * 2)

    assert one != other, "two people with one password have one hash: each needs a salt of its own"


def test_the_cost_is_that_of_the_config(inside):
    rounds, memory, lanes = (secrets.randbelow(4) + least for least in (5, 40, 2))
    cost = {"time_cost": rounds, "memory_cost": memory, "parallelism": lanes}
    stored = str(inside(hash_at, cost))

    wanted = f"$m={memory},t={rounds},p={lanes}$"
    assert wanted in stored, (
        f"PASSWORD_PARAMETERS of the config asks for {wanted} the hash says {stored[:35]}…:"
        " read the setting when hashing, all of it"
    )


def test_the_right_password_opens(inside):
    password = f" {secrets.token_urlsafe(60)} "  # longer than other hashes take
    stored = inside(make_argon2_hash, password, 1)

    assert inside(check, stored, password)["answer"] is True, (
        f"the right password was refused: it counts as it is, all {len(password)} characters"
    )
    for wrong in (secrets.token_urlsafe(12), password + "x", password[:-1], ""):
        answer = inside(check, stored, wrong)["answer"]
        assert answer is False, "a wrong password was answered with something else than False"


def test_a_closed_account_stays_closed(inside):
    password = secrets.token_urlsafe(12)
    stored = inside(make_argon2_hash, password, 1)

    answer = inside(check, stored, password, active=False)["answer"]
    assert answer is False, "the right password opened an account that is not active"


def test_an_unknown_user_costs_as_much_as_a_wrong_password(inside):
    stored = inside(make_argon2_hash, secrets.token_urlsafe(12), 1)
    wrong = secrets.token_urlsafe(12)

    known = inside(check, stored, wrong)["runs"]
    assert len(known) == 1, f"a wrong password took {len(known)} runs of argon2: one is enough"
    for who, given in {"is unknown": "nobody", "has no password": None}.items():
        found = inside(check, given, wrong)
        assert found["answer"] is False, f"a user who {who} was let in"
        assert found["runs"] == known, (
            f"where the user {who}, argon2 ran {len(found['runs'])} times ({found['runs']}), for a"
            f" wrong password once ({known}): whoever measures the time learns who has an account"
        )
    closed = inside(check, stored, wrong, active=False)["runs"]
    assert closed == known, f"where the account is closed, argon2 ran {closed}, not {known}"


def test_a_closed_account_does_not_tell_who_knows_its_password(inside):
    password = secrets.token_urlsafe(12)
    old = inside(make_argon2_hash, password, 2)

    runs = inside(check, old, password, active=False)["runs"]
    assert len(runs) == 1, (
        f"the right password of a closed account, whose hash is old, took {len(runs)} runs of"
        f" argon2 ({runs}), a wrong one takes one: the time tells that it was right"
    )


def test_a_hash_that_cannot_be_read_opens_nothing(inside):
    for stored in ("", "plain", "$argon2id$v=19$broken", "5f4dcc3b5aa765d61d8327deb882cf99"):
        answer = inside(check, stored, "plain")["answer"]
        assert answer is False, f"with {stored!r} for a stored hash the answer was not False"


@pytest.mark.parametrize("cost", ["time_cost", "memory_cost"])
def test_an_old_hash_is_renewed_on_login(client, inside, cost):
    password, least = secrets.token_urlsafe(12), {"time_cost": 2, "memory_cost": 9}[cost]
    user = inside(stored_account, password, {cost: secrets.randbelow(4) + least})
    body = {"email": user["email"], "password": password}
    answer = client.post("/api/v1/auth/login", json=body)
    assert answer.status_code != 401, "the right password was refused, as the stored hash was old"

    stored, old = str(inside(hash_in_database, user["id"])), user["stored"].split("$")[3]
    assert stored != user["stored"], (
        f"after a login the hash still has the old parameters ({old}): this is the one moment"
        " at which the password is there to be hashed anew"
    )
    assert "$m=8,t=1,p=1$" in stored, "the new hash does not have today's parameters"
    assert inside(argon2_accepts, stored, password), "the new hash is not of the password"


def test_the_caller_commits(inside):
    password = secrets.token_urlsafe(12)
    user = inside(stored_account, password, {"time_cost": 3})

    assert inside(check_and_take_back, user["id"], password) is True, "the password was refused"
    assert inside(hash_in_database, user["id"]) == user["stored"], (
        "after a rollback by the caller the new hash stands in the database all the same:"
        " check_password commits, and with it whatever else its caller was at"
    )


def test_a_hash_of_today_is_left_alone(inside):
    password = secrets.token_urlsafe(12)
    stored = inside(hashes_of, [password])[0]

    assert inside(check, stored, password)["stored"] == stored, (
        "a login wrote a new hash although nothing had changed: that is a write for every login"
    )
    wrong = inside(make_argon2_hash, password, 3)
    assert inside(check, wrong, "no")["stored"] == wrong, "a wrong password replaced the hash"


def test_a_login_never_says_what_was_wrong(client, inside):
    password = secrets.token_urlsafe(12)
    user = inside(stored_account, password, {})
    tries = {
        "unknown address": {"email": f"{secrets.token_hex(5)}@example.org", "password": password},
        "wrong password": {"email": user["email"], "password": secrets.token_urlsafe(12)},
    }
    answers = {}
    for what, body in tries.items():
        answer = client.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 401, f"a login with {what} answered {answer.status_code}"
        answers[what] = answer.json
    one, other = answers.values()
    assert one == other, "an unknown address and a wrong password are answered in different words"
