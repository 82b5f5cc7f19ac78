"""1.2 Add up."""

import random


def test_two_numbers_are_added(client) -> None:
    a, b = random.randrange(1, 99), random.randrange(1, 99)
    assert client.get(f"/sum/{a}/{b}").json == a + b, "the sum is wrong"
