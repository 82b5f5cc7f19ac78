"""Exercise 5.1: everybody may ask, nobody may ask for ever."""


def only_once() -> None:
    from flask import current_app

    current_app.config["RATE_LIMIT"] = "1 per minute"


def test_whoever_asks_too_often_is_told_when_to_come_back(client, inside):
    inside(only_once)
    client.get("/api/v1/")

    answer = client.get("/api/v1/")
    assert answer.status_code == 429, f"the second of one per minute was answered {answer.status}"
    assert answer.headers.get("Retry-After", "").isdigit(), "a 429 says when to come back"
