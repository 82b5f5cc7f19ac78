"""Loans: a copy goes out, and comes back."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Author, Book, Copy, User

LOANS = "/api/v1/loans"


@pytest.fixture
def desk(app: Flask) -> dict[str, int]:
    """Somebody with a card, and a copy on the shelf."""
    with app.app_context():
        user = User(email="ada@example.org", name="Ada Lovelace")
        tove = Author(name="Tove Jansson")
        book = Book(title="Comet in Moominland", isbn13="9780312608880", authors=[tove])
        copy = Copy(book=book, barcode="LIB-1")
        db.session.add_all([user, copy])
        db.session.commit()
        return {"copy_id": copy.id, "user_id": user.id}


def test_a_copy_goes_out_and_comes_back(client: FlaskClient, desk: dict[str, int]) -> None:
    copy = f"/api/v1/copies/{desk['copy_id']}"

    loan = client.post(LOANS, json=desk)
    assert loan.status_code == 201
    assert client.get(copy).get_json()["on_loan"] is True

    back = client.post(f"{loan.headers['Location']}/return")
    assert back.status_code == 200
    assert client.get(copy).get_json()["on_loan"] is False


def test_a_loan_names_the_book(client: FlaskClient, desk: dict[str, int]) -> None:
    loan = client.post(LOANS, json=desk).get_json()

    assert loan["book"]["title"] == "Comet in Moominland"
    assert loan["overdue"] is False


def test_a_copy_that_was_lent_stays(client: FlaskClient, desk: dict[str, int]) -> None:
    client.post(LOANS, json=desk)

    assert client.delete(f"/api/v1/copies/{desk['copy_id']}").status_code == 409


def test_a_barcode_belongs_to_one_copy(client: FlaskClient, desk: dict[str, int]) -> None:
    place = f"/api/v1/books/{client.get('/api/v1/books').get_json()['items'][0]['id']}/copies"

    assert client.post(place, json={"barcode": "LIB-1"}).status_code == 409
    assert client.post(place, json={"barcode": "LIB-2"}).status_code == 201


def test_the_history_holds_the_loan(client: FlaskClient, desk: dict[str, int]) -> None:
    loan = client.post(LOANS, json=desk).get_json()

    history = client.get(f"{LOANS}/history").get_json()

    assert [item["id"] for item in history["items"]] == [loan["id"]]
