"""Limits, pages, and what caches may keep. What a client sees when there is much of it."""

from collections.abc import Iterator

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

PATH = "/api/v1/authors"


@pytest.fixture
def api(app: Flask, client: FlaskClient) -> Iterator[httpx.Client]:
    """httpx reads ``Link`` by itself."""
    headers = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    transport = httpx.WSGITransport(app=app)
    with httpx.Client(transport=transport, base_url="http://localhost", headers=headers) as api:
        yield api


class TestLimits:
    @pytest.fixture(autouse=True)
    def few(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(app.config, "RATE_LIMIT", "4 per minute")

    def test_count(self, api: httpx.Client) -> None:
        for left in (3, 2, 1, 0):
            answer = api.get(PATH)
            assert answer.status_code == 200
            assert answer.headers["RateLimit-Limit"] == "4"
            assert answer.headers["RateLimit-Remaining"] == str(left)
        answer = api.get(PATH)
        assert answer.status_code == 429
        assert answer.json()["code"] == "too_many_requests"
        assert int(answer.headers["Retry-After"]) >= 1

    def test_neighbours(self, app: Flask, api: httpx.Client) -> None:
        for _ in range(4):
            api.get(PATH)
        assert api.get(PATH).status_code == 429
        assert app.test_client().get(PATH).status_code == 401


class TestLists:
    @pytest.fixture(autouse=True)
    def four(self, api: httpx.Client) -> None:
        for name in "DBCA":
            api.post(PATH, json={"name": name})

    def test_pages(self, api: httpx.Client) -> None:
        place, read = httpx.URL(f"{PATH}?per_page=3&sort=name"), ""
        for _ in range(2):
            answer = api.get(place)
            read += "".join(author["name"] for author in answer.json()["items"])
            assert answer.json()["total"] == 4
            place = httpx.URL(answer.links["next"]["url"]) if "next" in answer.links else place
        assert read == "ABCD"
        assert "next" not in answer.links
        assert api.get(f"{PATH}?per_page=101").status_code == 422

    def test_conditions(self, api: httpx.Client) -> None:
        answer = api.get(PATH)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        tag = answer.headers["ETag"]
        assert api.get(PATH, headers={"If-None-Match": tag}).status_code == 304
        assert api.post(PATH, json={"name": "E"}).headers["Cache-Control"] == "no-store"
        answer = api.get(PATH, headers={"If-None-Match": tag})
        assert [author["name"] for author in answer.json()["items"]] == [*"DBCAE"]
        assert api.get("/api/v1/nowhere").headers["Cache-Control"] == "no-store"
