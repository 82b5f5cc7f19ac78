"""Books: list, add, read, replace, remove."""

from typing import Any

import pytest
from flask.testing import FlaskClient

BOOKS = "/api/v1/books"


@pytest.fixture
def moomins(author_id: int) -> dict[str, Any]:
    return {
        "title": "Comet in Moominland",
        "isbn13": "9780312608880",
        "published_year": 1946,
        "author_ids": [author_id],
    }


def test_a_new_book_can_be_read_back(client: FlaskClient, moomins: dict[str, Any]) -> None:
    added = client.post(BOOKS, json=moomins)

    assert added.status_code == 201
    book = client.get(added.headers["Location"]).get_json()
    assert book["title"] == "Comet in Moominland"
    assert [author["name"] for author in book["authors"]] == ["Tove Jansson"]


def test_an_isbn_belongs_to_one_book(client: FlaskClient, moomins: dict[str, Any]) -> None:
    client.post(BOOKS, json=moomins)

    assert client.post(BOOKS, json={**moomins, "title": "Again"}).status_code == 409


def test_a_book_keeps_its_isbn_when_it_is_replaced(
    client: FlaskClient, moomins: dict[str, Any]
) -> None:
    place = client.post(BOOKS, json=moomins).headers["Location"]
    version = client.get(place).get_json()["version"]
    replaced = client.put(place, json={**moomins, "title": "Kometjakten", "version": version})

    assert replaced.status_code == 200
    assert client.get(place).get_json()["title"] == "Kometjakten"


def test_a_removed_book_is_gone(client: FlaskClient, moomins: dict[str, Any]) -> None:
    place = client.post(BOOKS, json=moomins).headers["Location"]

    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_a_book_needs_authors_that_exist(client: FlaskClient, moomins: dict[str, Any]) -> None:
    answer = client.post(BOOKS, json={**moomins, "author_ids": [4711]})

    assert answer.status_code == 422
    assert "there is no author 4711" in answer.text


@pytest.mark.parametrize("title", ["\ud800", "a\0b"])
def test_a_text_that_no_database_can_store_is_refused(
    client: FlaskClient, moomins: dict[str, Any], title: str
) -> None:
    assert client.post(BOOKS, json={**moomins, "title": title}).status_code == 400
