"""An address that nobody knows"""

import secrets

POINTS = 5


def test_an_unknown_address_is_timed(client):
    answer = client.get(f"/{secrets.token_hex(4)}")

    assert "X-Response-Time" in answer.headers, "a 404 of no view of yours was not timed"
