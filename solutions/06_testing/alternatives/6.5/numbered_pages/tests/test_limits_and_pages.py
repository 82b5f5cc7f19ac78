"""Limits, pages, and what caches may keep. What a client sees when there is much of it."""

from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient

AUTHORS = "/api/v1/authors"


def add(client: FlaskClient, many: int) -> None:
    for number in range(many):
        assert client.post(AUTHORS, json={"name": f"Author {number}"}).status_code == 201


def test_limit(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATE_LIMIT", "2 per hour")
    nobody = app.test_client()
    answers = [nobody.get(AUTHORS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[-1].headers["RateLimit-Limit"] == "2"
    assert answers[-1].headers["Retry-After"].isdecimal()
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].get_json()["code"] == "too_many_requests"
    assert [client.get(AUTHORS).status_code for _ in range(3)] == [200, 200, 429]


def test_pages(client: FlaskClient) -> None:
    add(client, 7)
    everything = client.get(f"{AUTHORS}?per_page=100").get_json()
    names = [author["name"] for author in everything["items"]]
    assert (len(names), everything["total"]) == (7, 7)

    seen: list[str] = []
    for number in count(1):
        page = client.get(f"{AUTHORS}?per_page=3&page={number}")
        body = page.get_json()
        seen += [author["name"] for author in body["items"]]
        assert body["total"] == 7
        if 'rel="next"' not in page.headers["Link"]:
            break
        assert number < 3
    assert seen == names
    assert client.get(f"{AUTHORS}?per_page=101").status_code == 422


def test_caches(client: FlaskClient) -> None:
    add(client, 1)
    kept = client.get(AUTHORS)
    said = kept.headers["Cache-Control"].replace(" ", "").split(",")
    assert sorted(said) == ["no-cache", "private"]
    tag = {"If-None-Match": kept.headers["ETag"]}
    spared = client.get(AUTHORS, headers=tag)
    assert spared.status_code == 304
    assert not spared.data
    add(client, 1)
    anew = client.get(AUTHORS, headers=tag)
    assert (anew.status_code, len(anew.get_json()["items"])) == (200, 2)
    assert anew.headers["ETag"] != kept.headers["ETag"]
    missing = client.get(f"{AUTHORS}/1000000")
    refused, made = (client.post(AUTHORS, json=body) for body in ({}, {"name": "Last"}))
    assert [missing.status_code, refused.status_code, made.status_code] == [404, 422, 201]
    for answer in (missing, refused, made):
        assert answer.headers["Cache-Control"] == "no-store"
