"""The tiny course's one exercise."""

import secrets


def seen() -> list[str]:
    from flask import current_app

    return list(current_app.extensions["seen"])


def test_the_list_is_there(client):
    assert client.get("/books").status_code == 200


def test_a_book_can_be_added(client, inside):
    title = secrets.token_hex(4)
    answer = client.post("/books", json={"title": title})
    assert answer.status_code == 201, f"a good book is created with 201, got {answer.status_code}"
    assert answer.json["title"] == title, "the answer shows the new book"
    assert inside(seen) == [title], "the app must remember the book"


def test_each_test_has_a_new_app(inside):
    assert inside(seen) == [], "something was left from another test"


def test_every_answer_is_marked(client):
    marked = client.get("/probe/crash").headers.get("X-Marked")
    assert marked == "yes", "every answer says X-Marked: yes, errors too"


def test_the_views_have_no_globals(source):
    names = [node for node in source("app/views.py").tree.body if type(node).__name__ == "Assign"]
    assert names == [], "keep no state in the module"
