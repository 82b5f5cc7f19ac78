"""The API from outside: what is asked, which status comes, and what is in the answer.

To be held here, with data that fixtures have put there, each in a test that fails when it no
longer is so:

``POST /api/v1/books``
    201, and the address of the new book in ``Location``: a GET of it answers the same. The
    book has ``id``, ``title``, ``isbn13``, ``published_year``, ``version`` (1), and ``authors``,
    each with ``id`` and ``name``, in the order in which ``author_ids`` named them.
``DELETE /api/v1/books/{id}``
    204 and no body; then the book is gone, 404.
``POST /api/v1/loans``
    201. ``due_at`` is 21 days after ``borrowed_at``, ``returned_at`` is null. A copy that is not
    there: 422. One that is out: 409, code ``copy_on_loan``.
``POST /api/v1/loans/{id}/return``
    200, and the copy's ``on_loan`` is false again.
Errors
    ``{"code", "message", "details"}``. 404: ``not_found``. 422: ``validation_failed``, and for
    each field that is wrong one of ``details`` has its name as ``field``.

At least one test asks by ``httpx``, through its ``WSGITransport``: the same app, and a client that
knows nothing of Flask. Objects may get more fields any day, messages other words, and ids any
number. ``client`` of ``conftest.py`` is a program with every scope.
"""

from flask.testing import FlaskClient

BOOKS, LOANS = "/api/v1/books", "/api/v1/loans"


def test_a_book_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"{BOOKS}/4711").status_code == 404


# exercise 6.3 starts here
