"""The API from outside: what is asked, which status comes, and what is in the answer."""

from datetime import datetime

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Author, Book, Copy, User

API = "/api/v1"


@pytest.fixture
def shelf(app: Flask, rollback: None) -> dict[str, int]:
    """Rows that no request has made."""
    with app.app_context():
        jansson = Author(name="Tove Jansson")
        book = Book(title="Comet in Moominland", isbn13="9780312608880", authors=[jansson])
        copy, ada = Copy(book=book, barcode="C-1"), User(email="ada@example.org", name="Ada")
        other = Author(name="Lars Jansson")
        db.session.add_all([copy, ada, other])
        db.session.commit()
        rows = {"book": book, "copy": copy, "user": ada, "tove": jansson, "lars": other}
        return {name: row.id for name, row in rows.items()}


class TestBooks:
    def test_added(self, client: FlaskClient, shelf: dict[str, int]) -> None:
        ids = [max(shelf["tove"], shelf["lars"]), min(shelf["tove"], shelf["lars"])]
        sent = {"title": "The Exploits", "isbn13": "9780312608897", "author_ids": ids}
        answer = client.post(f"{API}/books", json=sent)
        book = answer.get_json()
        assert answer.status_code == 201
        assert answer.headers["Location"] == f"{API}/books/{book['id']}"
        assert [book["version"], book["published_year"]] == [1, None]
        assert [book["title"], book["isbn13"]] == [sent["title"], sent["isbn13"]]
        assert [author["id"] for author in book["authors"]] == ids
        assert {author["name"] for author in book["authors"]} == {"Tove Jansson", "Lars Jansson"}

    def test_refused(self, client: FlaskClient, shelf: dict[str, int]) -> None:
        sent = {"title": "", "isbn13": "9780312608880", "author_ids": [shelf["tove"]] * 2}
        answer = client.post(f"{API}/books", json=sent)
        error = answer.get_json()
        assert (answer.status_code, error["code"]) == (422, "validation_failed")
        assert {detail["field"] for detail in error["details"]} == {"author_ids", "title"}
        assert error["message"]

    def test_removed(self, client: FlaskClient, shelf: dict[str, int]) -> None:
        place = f"{API}/books/{shelf['book']}"
        assert client.get(place).status_code == 200
        assert client.delete(place).status == "204 NO CONTENT"
        gone = client.get(place)
        assert gone.status_code == 404
        assert gone.get_json()["code"] == "not_found"


class TestLoans:
    def test_story(self, app: Flask, client: FlaskClient, shelf: dict[str, int]) -> None:
        header = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
        transport = httpx.WSGITransport(app=app)
        house = httpx.Client(transport=transport, base_url="http://desk", headers=header)
        body = {"copy_id": shelf["copy"], "user_id": shelf["user"]}

        first = house.post(f"{API}/loans", json=body)
        loan = first.json()
        days = (self.moment(loan["due_at"]) - self.moment(loan["borrowed_at"])).days
        assert (first.status_code, days, loan["returned_at"]) == (201, 21, None)
        second = house.post(f"{API}/loans", json=body)
        assert (second.status_code, second.json()["code"]) == (409, "copy_on_loan")

        back = house.post(f"{API}/loans/{loan['id']}/return")
        assert back.status_code == 200
        assert house.get(f"{API}/copies/{shelf['copy']}").json()["on_loan"] is False
        assert house.post(f"{API}/loans", json=body).status_code == 201

    def test_unknown(self, client: FlaskClient, shelf: dict[str, int]) -> None:
        body = {"copy_id": shelf["copy"] + 10**6, "user_id": shelf["user"]}
        assert client.post(f"{API}/loans", json=body).status_code == 422

    @staticmethod
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text)
