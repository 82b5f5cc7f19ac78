"""Exercise 4.5: an index, links, and errors that say how to do better."""

import secrets


def test_the_hint_makes_the_request_succeed(client):
    body = {"name": secrets.token_hex(4), "birth_year": 0}
    answer = client.post("/api/v1/authors", json=body)
    hints = [detail.get("hint") for detail in answer.json["details"]]
    assert hints, "there are no details"
    assert all(isinstance(hint, dict) for hint in hints), f"the answer has no hint: {answer.json}"
    for hint in hints:
        body[hint["path"].removeprefix("/")] = hint["value"]
    assert client.post("/api/v1/authors", json=body).status_code == 201, "the hint did not help"
