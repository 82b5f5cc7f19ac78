"""Authors: list, add, read."""

from flask.testing import FlaskClient

AUTHORS = "/api/v1/authors"


def test_a_new_author_can_be_read_back(client: FlaskClient) -> None:
    added = client.post(AUTHORS, json={"name": "Michael Ende"})

    assert added.status_code == 201
    assert added.get_json()["birth_year"] is None
    assert client.get(added.headers["Location"]).get_json() == added.get_json()


def test_the_list_holds_every_author(client: FlaskClient, author_id: int) -> None:
    listed = client.get(AUTHORS)

    assert listed.status_code == 200
    assert [author["id"] for author in listed.get_json()["items"]] == [author_id]


def test_an_author_needs_a_name(client: FlaskClient) -> None:
    answer = client.post(AUTHORS, json={"birth_year": 1929})

    assert answer.status_code == 422
    assert "name" in answer.text


def test_a_typo_in_a_field_is_found(client: FlaskClient) -> None:
    answer = client.post(AUTHORS, json={"name": "Michael Ende", "born": 1929})

    assert answer.status_code == 422
    assert "born" in answer.text


def test_an_unknown_author_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"{AUTHORS}/4711").status_code == 404
