"""Exercise 2.1: products."""

import secrets


def test_two_numbers_are_multiplied(client):
    a, b = secrets.randbelow(50) + 3, secrets.randbelow(50) + 3
    text = client.get(f"/times/{a}/{b}").text
    assert text == str(a * b), f"the product of {a} and {b} is not {text}"
