"""Loans over HTTP: a copy goes out, and comes back."""

from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Author, Book, Copy, User

LOANS = "/api/v1/loans"


@pytest.fixture
def desk(app: Flask) -> dict[str, int]:
    """Somebody with a card, and a copy on the shelf."""
    word = uuid4().hex[:12]
    with app.app_context():
        user = User(email=f"{word}@example.org", name="Ada")
        book = Book(title="Emma", isbn13=word, authors=[Author(name="Jane Austen")])
        copy = Copy(book=book, barcode=word)
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

    assert loan["book"]["title"] == "Emma"
    assert loan["overdue"] is False


def test_a_copy_that_was_lent_stays(client: FlaskClient, desk: dict[str, int]) -> None:
    client.post(LOANS, json=desk)

    answer = client.delete(f"/api/v1/copies/{desk['copy_id']}")

    assert answer.status_code == 409
    assert answer.get_json()["code"] == "copy_has_loans"


def test_the_history_begins_with_the_last_loan(client: FlaskClient, desk: dict[str, int]) -> None:
    loan = client.post(LOANS, json=desk).get_json()

    history = client.get(f"{LOANS}/history?per_page=1").get_json()

    assert [item["id"] for item in history["items"]] == [loan["id"]]
