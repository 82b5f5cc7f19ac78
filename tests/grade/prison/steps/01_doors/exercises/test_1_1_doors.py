"""Each door says back what it is told, unless somebody horrible stands behind it."""

import secrets

import pytest

DOORS = (
    *("honest", "loop", "sleep", "regex", "deadlock", "stubborn", "daemon", "honest_still"),
    *("leave", "kill_all", "segfault", "recursion", "memory", "forks", "disk", "inodes"),
    *("print", "flood", "gigabyte", "forged", "garbage", "deep", "nested", "honest_to_the_end"),
)


def test_the_app_is_there(client):
    assert client.get("/").status_code == 404


@pytest.mark.parametrize("door", DOORS)
def test_a_door_says_back_what_it_is_told(client, door):
    word = secrets.token_hex(8)
    answer = client.get(f"/{door}?word={word}")
    assert answer.json == {"word": word}, f"the door {door} does not say back what it is told"
