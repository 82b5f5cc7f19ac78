"""Exercise 8.3: a key rotates, and nobody notices."""

import random
import re
import secrets

import pytest


def stage(name: str, rings: list[str]) -> list[list[str]]:
    """What a stage makes of each ring: the ring, or the exception's type and message."""
    from app import rotation

    made = []
    for ring in rings:
        try:
            made.append(["", str(getattr(rotation, name)(ring))])
        except Exception as error:  # noqa: BLE001 - judged by the test
            made.append([type(error).__name__, str(error)])
    return made


def prepared_from_one_seed(ring: str) -> list[str]:
    """What ``prepare`` makes of a ring, twice, where the module random begins alike."""
    import random

    from app.rotation import prepare

    before, made = random.getstate(), []
    try:
        for _ in range(2):
            random.seed(1)
            made.append(prepare(ring))
    finally:
        random.setstate(before)
    return made


def as_the_app_reads(ring: str) -> dict[str, object]:
    """The keys of a ring, as kid and secret; none where the app does not start, and says why."""
    from app.auth.keys import read_keys
    from app.values import ConfigError

    try:
        keys = read_keys({"SIGNING_KEYS": ring, "SECRET_KEY": "x" * 32})
    except ConfigError as error:
        return {"keys": [], "error": str(error)}
    return {"keys": [[key.kid, key.secret.decode()] for key in keys], "error": ""}


def rotate_while_they_work(keys: int) -> dict[str, object]:
    from fleet import drill

    return drill(keys)


def a_key():
    return f"{secrets.token_hex(3)}:{secrets.token_urlsafe(32)}:{secrets.token_hex(2)}"


def a_ring(keys):
    """As it may stand in a file: with spaces, and line feeds, between the keys and around them."""
    between = random.choice([" ", "  ", " \n"])
    return f" {between.join(a_key() for _ in range(keys))} \n"


def read(inside, name, ring):
    """What comes of a stage: the keys, as the app reads them."""
    ((error, made),) = inside(stage, name, [ring])
    assert error == "", f"{name}() of a ring of {len(ring.split())}: {made}"
    assert made.split(), f"{name}() made a ring without a key of one of {len(ring.split())}"
    found = inside(as_the_app_reads, made)
    assert found["error"] == "", (
        f"{name}() made a ring with which no app starts: read_keys in app/auth/keys.py says how a"
        " key is written"
    )
    return found["keys"]


def entries(ring):
    return [list(entry.split(":", 1)) for entry in ring.split()]


def test_a_new_key_verifies_first(inside):
    for keys in (1, 2, 3):
        ring = a_ring(keys)
        made = read(inside, "prepare", ring)
        assert made[:-1] == entries(ring), (
            "prepare() adds one key at the end; the others stay as they are: the first one signs"
        )
        kid, secret = made[-1]
        # 32 bytes take 64 hexadecimal digits, or 40 of all characters that can be printed.
        least = 64 if re.fullmatch("[0-9a-fA-F]+", secret) else 40
        assert len(secret) >= least, (
            f"the new secret has {len(secret)} characters: 32 bytes of randomness are written with"
            f" {least} of these, or more"
        )
        again = read(inside, "prepare", f"{kid}:{secret}")[-1][0]
        taken = [kid, *[known for known, _ in entries(ring)]]
        assert kid not in taken[1:], "the new key has a kid of its own"
        assert again not in taken[:1], "the key after that has a kid of its own, too"
        assert kid not in secret, "the kid is public: nothing of the secret is in it"


def test_no_two_new_keys_are_alike(inside):
    ring = a_ring(1)
    made = [made.split()[-1].split(":", 1) for _, made in inside(stage, "prepare", [ring] * 12)]
    secret = [one[-1] for one in made]
    assert len(set(secret)) == 12, "twelve new keys, and two have the same secret"
    alike = max(len({one[place] for one in secret}) for place in range(8))
    assert alike > 1, "what twelve secrets begin with is the same: they are not random"


def test_nobody_can_foretell_a_new_key(inside):
    ring = a_ring(1)
    made = inside(prepared_from_one_seed, ring)
    first, second = ((one.split() or [""])[-1].partition(":")[2] for one in map(str, made))
    assert first != second, (
        "the module random repeats itself from the same seed, and whoever knows what it gave knows"
        " what comes: a secret is made with the module secrets"
    )
    half = len(first) // 2
    assert first[:half] != first[half:], "the secret says the same twice: half of it is random"


def test_then_it_signs(inside):
    for keys in (2, 3, 4):
        ring = a_ring(keys)
        *others, last = entries(ring)
        assert read(inside, "switch", ring) == [last, *others], (
            "switch() puts the last key first, and leaves all else as it is"
        )


def test_then_it_is_alone(inside):
    for keys in (1, 2, 3):
        ring = a_ring(keys)
        assert read(inside, "retire", ring) == entries(ring)[:1], "retire() keeps the first key"


def test_what_is_no_ring_is_refused(inside):
    for name in ("prepare", "switch", "retire"):
        twice = a_key()
        damaged = [f"{a_ring(1)} {entry}" for entry in ("kid", "kid:short", f"{twice} {twice}")]
        rings = ["", "  \n", *damaged] + ([a_ring(1)] if name == "switch" else [])
        for ring, (error, said) in zip(rings, inside(stage, name, rings), strict=True):
            what = "that read_keys refuses" if ring in damaged else f"of {len(ring.split())} keys"
            assert error == "ConfigError", f"{name}() of a ring {what}"
            assert "SIGNING_KEYS" in said, f"{name}() names the setting that is wrong"
            listed = [entry.partition(":")[2] for entry in ring.split()]
            told = [one for one in listed if len(one) > len("short") and one in said]
            assert told == [], f"{name}() tells a secret, and the message stands in a log: {said}"


@pytest.mark.parametrize("keys", [1, 2], ids=["of_one_key", "of_two_keys"])
def test_nobody_notices(inside, keys):
    seen = inside(rotate_while_they_work, keys)
    assert seen["error"] == "", "rotate() comes to an end"
    assert seen["refused"] == [], (
        "a client with a token that has not expired was turned away while the key rotated: some"
        " instance did not know, or knew no more, the key that had signed it"
    )
    assert (seen["last"], seen["is_new"]) == (1, True), (
        "how many keys are left at the end, and whether the one that signs is new"
    )
    assert "401 token_key" in seen["forged"], (
        "after the rotation somebody signs with the old key, which may have been stolen"
    )
    assert seen["took"] <= seen["most"], (
        f"it took {seen['took']:.0f} minutes; two delays and LIFETIME are enough, and an old"
        " key that may have been stolen verifies all the while"
    )
