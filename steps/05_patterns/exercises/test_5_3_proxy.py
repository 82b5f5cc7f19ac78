"""Exercise 5.3: behind a proxy, and one id for each request."""

import secrets


def test_a_request_keeps_its_id(client):
    sent = secrets.token_hex(8)

    got = client.get("/api/v1/", headers={"X-Request-ID": sent}).headers.get("X-Request-ID")
    assert got == sent, "the answer has another X-Request-ID than the request"
