"""Exercise 1.1: a greeting."""

import secrets


def test_a_visitor_is_greeted_by_name(client):
    name = secrets.token_hex(4)
    text = client.get(f"/greet/%20{name}%20").text
    assert text == f"Hello, {name}!", f"{name} is to be greeted by name, and reads {text!r}"


def test_what_is_not_there_is_missing(client):
    status = client.get("/nowhere").status_code
    assert status == 404, f"a path that nobody knows answered {status}"
