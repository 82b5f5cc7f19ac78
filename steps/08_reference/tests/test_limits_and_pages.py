"""Limits, pages, and what caches may keep. What a client sees when there is much of it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import parse_cache_control_header, parse_options_header
from werkzeug.test import TestResponse

AUTHORS = "/api/v1/authors"
NAMES = ["Astrid", "Cornelia", "Michael", "Otfried", "Tove"]
LIMIT = 3


@pytest.fixture
def limited(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setitem(app.config, "RATE_LIMIT", f"{LIMIT} per minute")
    return client


@pytest.fixture
def authors(client: FlaskClient) -> list[int]:
    """Five, so that pages of two end with a short one."""
    return [client.post(AUTHORS, json={"name": name}).get_json()["id"] for name in NAMES]


def links_of(answer: TestResponse) -> dict[str, str]:
    """The addresses in ``Link``, by what they lead to."""
    parts = [parse_options_header(link) for link in answer.headers["Link"].split(", ")]
    return {options["rel"]: target.strip("<>") for target, options in parts}


def cache_control(answer: TestResponse) -> set[str]:
    return set(parse_cache_control_header(answer.headers["Cache-Control"]) or {})


def test_as_many_as_the_limit_are_answered(limited: FlaskClient) -> None:
    statuses = [limited.get(AUTHORS).status_code for _ in range(LIMIT + 2)]
    assert statuses == [200] * LIMIT + [429] * 2


def test_every_answer_says_how_many_are_left(limited: FlaskClient) -> None:
    answers = [limited.get(AUTHORS) for _ in range(LIMIT)]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {str(LIMIT)}
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert left == [2, 1, 0]


def test_whoever_asks_too_often_is_told_when_to_come_back(limited: FlaskClient) -> None:
    for _ in range(LIMIT):
        assert "Retry-After" not in limited.get(AUTHORS).headers
    refused = limited.get(AUTHORS)
    assert refused.get_json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_callers_are_counted_each_for_themselves(app: Flask, limited: FlaskClient) -> None:
    stranger = app.test_client()
    for _ in range(LIMIT + 1):
        stranger.get(AUTHORS)
    assert stranger.get(AUTHORS).status_code == 429
    assert limited.get(AUTHORS).status_code == 200


@pytest.mark.parametrize("per_page", [1, 2, 3, 5])
def test_all_pages_are_the_whole_list(
    client: FlaskClient, authors: list[int], per_page: int
) -> None:
    found, place = [], f"{AUTHORS}?per_page={per_page}"
    while place:
        answer = client.get(place)
        page = answer.get_json()
        assert page["total"] == len(authors)
        assert 1 <= len(page["items"]) <= per_page
        found += [author["id"] for author in page["items"]]
        assert len(found) <= len(authors), "the pages go in a circle"
        place = links_of(answer).get("next", "")
    assert found == authors


def test_a_page_has_an_end(client: FlaskClient) -> None:
    assert client.get(f"{AUTHORS}?per_page=100").status_code == 200
    assert client.get(f"{AUTHORS}?per_page=101").status_code == 422


def test_what_a_list_says_to_caches(client: FlaskClient, authors: list[int]) -> None:
    assert cache_control(client.get(AUTHORS)) == {"private", "no-cache"}


def test_what_is_known_is_not_sent_again(client: FlaskClient, authors: list[int]) -> None:
    first = client.get(AUTHORS)
    condition = {"If-None-Match": first.headers["ETag"]}
    again = client.get(AUTHORS, headers=condition)
    assert (again.status_code, again.data) == (304, b"")

    client.post(AUTHORS, json={"name": "Selma"})
    changed = client.get(AUTHORS, headers=condition)
    assert changed.status_code == 200
    assert changed.get_json()["total"] == len(authors) + 1
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_writes_and_errors_are_not_kept(client: FlaskClient) -> None:
    assert "no-store" in cache_control(client.post(AUTHORS, json={"name": "Selma"}))
    assert "no-store" in cache_control(client.get(f"{AUTHORS}/4711"))
