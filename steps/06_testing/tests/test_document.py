"""The contract: what the app answers is what its document says, and it demands what it says.

To be held here, against ``GET /openapi.json`` as it is at that moment, each in a test that fails
when it no longer is so:

Answers
    Of these operations the status is one that the document lists, and the body fits the schema
    that stands there for it: a new author, book, user and loan (201), each of them read again
    (200), the lists of authors and of books with something in them (200), a second book of the
    same ISBN (409), a body with an unknown field (422), an author who is not there (404).
Credentials
    Every operation whose ``security`` demands some is refused without: 401, with
    ``WWW-Authenticate``. Every operation whose ``security`` is empty answers something else than
    401. Where an empty requirement (``{}``) stands beside others, who asks may be nobody, or has
    to say who they are in the body: nothing is to be held of these. Whoever has ``books:read`` and
    nothing more can remove no book: 403.

A schema is JSON Schema 2020-12; ``$ref`` points into the document. Words, versions and the order of
operations may change any day, and operations may be added. ``client`` is a program with every
scope, ``app.test_client()`` is nobody.
"""

from flask.testing import FlaskClient


def test_the_document_is_there(client: FlaskClient) -> None:
    assert client.get("/openapi.json").get_json()["openapi"].startswith("3.1")


# exercise 6.4 starts here
