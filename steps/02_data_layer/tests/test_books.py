"""Books over HTTP: their authors, their copies, and what is refused."""

from itertools import count

from flask.testing import FlaskClient

BOOKS = "/api/v1/books"
NUMBERS = count(1)


def isbn13() -> str:
    """A new one for each call: the tests may share a database."""
    digits = f"978{next(NUMBERS):09}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def add_author(client: FlaskClient, name: str) -> int:
    author_id: int = client.post("/api/v1/authors", json={"name": name}).get_json()["id"]
    return author_id


def test_a_book_shows_its_authors_in_order(client: FlaskClient) -> None:
    ids = [add_author(client, name) for name in ("Terry Pratchett", "Neil Gaiman")]
    body = {"title": "Good Omens", "isbn13": isbn13(), "author_ids": ids}

    made = client.post(BOOKS, json=body)

    assert made.status_code == 201
    shown = client.get(made.headers["Location"]).get_json()
    names = [author["name"] for author in shown["authors"]]
    assert names == ["Terry Pratchett", "Neil Gaiman"]


def test_an_isbn_belongs_to_one_book(client: FlaskClient) -> None:
    body = {"title": "Emma", "isbn13": isbn13(), "author_ids": [add_author(client, "Jane")]}
    client.post(BOOKS, json=body)

    again = client.post(BOOKS, json=body)

    assert again.status_code == 409
    assert again.get_json()["code"] == "isbn_taken"


def test_an_unknown_author_is_named(client: FlaskClient) -> None:
    body = {"title": "Nobody's", "isbn13": isbn13(), "author_ids": [2**31]}

    answer = client.post(BOOKS, json=body)

    assert answer.status_code == 422
    assert [entry["field"] for entry in answer.get_json()["details"]] == ["author_ids"]


def test_a_book_is_replaced_from_the_version_that_was_read(client: FlaskClient) -> None:
    body = {"title": "Ema", "isbn13": isbn13(), "author_ids": [add_author(client, "Jane")]}
    made = client.post(BOOKS, json=body).get_json()

    changed = {**body, "title": "Emma", "version": made["version"]}
    answer = client.put(f"{BOOKS}/{made['id']}", json=changed)

    assert answer.status_code == 200
    assert client.get(f"{BOOKS}/{made['id']}").get_json()["title"] == "Emma"


def test_a_book_goes_with_its_copies(client: FlaskClient) -> None:
    body = {"title": "Gone", "isbn13": isbn13(), "author_ids": [add_author(client, "Gillian")]}
    book = client.post(BOOKS, json=body).get_json()["id"]
    copy = client.post(f"{BOOKS}/{book}/copies", json={"barcode": f"GONE-{book}"})

    assert client.delete(f"{BOOKS}/{book}").status_code == 204
    assert client.get(copy.headers["Location"]).status_code == 404
