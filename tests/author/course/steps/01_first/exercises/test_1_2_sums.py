"""Exercise 1.2: sums."""

import pytest


@pytest.mark.parametrize(("a", "b"), [(2, 3), (10, 40), (99, 1)])
def test_two_numbers_are_added(client, a, b):
    text = client.get(f"/add/{a}/{b}").text
    assert text == str(a + b), f"{a} and {b} make {a + b}, not {text}"


@pytest.mark.parametrize(("a", "b"), [(100, 1), (99, 2), (500, 500)])
def test_a_sum_has_a_limit(client, a, b):
    text = client.get(f"/add/{a}/{b}").text
    assert text == "100", f"{a} and {b} are capped at 100, and make {text}"
