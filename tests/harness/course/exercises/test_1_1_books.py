"""The tiny course's exercise: books can be listed and added."""

import secrets


def books() -> list[str]:
    from flask import current_app

    return list(current_app.extensions["books"])


def test_the_list_is_there(client):
    assert client.get("/books").status_code == 200


def test_a_book_can_be_added(client, inside):
    title = secrets.token_hex(4)
    answer = client.post("/books", json={"title": title})
    status = answer.status_code
    assert status == 201, f"a good book is created with 201, got {status}"
    assert answer.json["title"] == title, "the answer shows the new book"
    assert inside(books) == [title], "the app must remember the book"


def test_each_test_has_a_new_app(inside):
    assert inside(books) == [], "something was left from another test"


def test_every_answer_is_marked(client):
    marked = client.get("/probe/crash").headers.get("X-Marked")
    assert marked == "yes", "every answer says X-Marked: yes, errors too"


def test_the_views_have_no_globals(source):
    names = [node for node in source("app/views.py").tree.body if type(node).__name__ == "Assign"]
    assert names == [], "keep no state in the module"
