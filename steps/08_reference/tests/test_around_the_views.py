"""What stands around the views: notes on them, settings, spans, and what many at once may be."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from app import config
from app.exporters import processor_for
from app.extensions import cache
from app.stack import add_layer


def test_a_note_is_put_above_the_ones_before() -> None:
    def view() -> str:
        return "seen"

    add_layer(view, "response")
    add_layer(view, "caching")

    assert view.__dict__["layers"] == ["response", "caching"]


def test_decorators_leave_notes_in_their_order(app: Flask) -> None:
    def layers(endpoint: str) -> list[str]:
        noted: list[str] = app.view_functions[endpoint].__dict__["layers"]
        return noted[::-1]

    assert layers("books.list_books") == ["permissions", "validation", "caching", "response"]
    assert layers("users.change_my_password") == ["permissions", "validation", "response"]
    assert layers("index.show_index")[0] == "permissions"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RATE_LIMIT", "often"),
        ("RATE_LIMIT", ""),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("REDIS_URL", "localhost:6379"),
        ("TRACES_EXPORTER", "paper"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(config.ConfigError, match=f"^{variable}: must be "):
        config.TestConfig({variable: value})


def test_redis_is_for_limits_and_cache_alike() -> None:
    alone, together = (
        config.TestConfig({}),
        config.TestConfig({"REDIS_URL": "redis://localhost:6379/3"}),
    )

    assert alone.CACHE_TYPE == "SimpleCache"
    assert not alone.RATELIMIT_STORAGE_URI.startswith("redis")
    assert together.CACHE_TYPE == "RedisCache"
    assert together.CACHE_REDIS_URL == together.RATELIMIT_STORAGE_URI


def test_spans_go_where_the_setting_says() -> None:
    assert processor_for("none") is None
    console, collector = processor_for("console"), processor_for("otlp")
    assert isinstance(console, SimpleSpanProcessor)
    assert isinstance(collector, BatchSpanProcessor)
    collector.shutdown()


def test_the_monitoring_needs_no_credentials(app: Flask) -> None:
    answer = app.test_client().get("/metrics")

    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"


def test_what_is_kept_comes_back_as_json_has_it(app: Flask) -> None:
    with app.app_context():
        cache.set("key", {"a": [1, 2]}, timeout=60)
        assert cache.get("key") == {"a": [1, 2]}
        cache.clear()


@pytest.mark.parametrize("size", [0, 101])
def test_many_are_from_one_to_a_hundred(client: FlaskClient, size: int) -> None:
    items = [{"barcode": f"LIB-{number}"} for number in range(size)]

    answer = client.post("/api/v1/books/1/copies/bulk", json={"items": items})

    assert answer.status_code == 422
    assert answer.get_json()["details"][0]["field"] == "items"


def test_a_version_in_the_body_is_still_enough(client: FlaskClient, author_id: int) -> None:
    body = {"title": "Comet", "isbn13": "9780312608880", "author_ids": [author_id]}
    book = client.post("/api/v1/books", json=body).headers["Location"]

    replaced = client.put(book, json={**body, "title": "The Comet", "version": 1})
    stale = client.put(book, json={**body, "title": "A Comet", "version": 1})

    assert (replaced.status_code, stale.status_code) == (200, 409)
    assert client.get(book).get_json()["title"] == "The Comet"


def test_a_user_leads_to_their_loans(client: FlaskClient) -> None:
    made = client.post("/api/v1/users", json={"email": "ada@example.org", "name": "Ada"})

    href = made.get_json()["_links"]["loans"]["href"]

    assert href == f"{made.headers['Location']}/loans"
