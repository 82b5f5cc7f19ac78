"""Units: what the services of loans do, and what they refuse. No request.

To be held here, each in a test that fails when it no longer is so:

``lend(copy_id, user_id)``
    Lends for ``LOAN_PERIOD``. Refuses, with these codes: a card that is blocked
    (``user_inactive``); somebody with an overdue loan, also if it is one of several
    (``loan_overdue``); somebody with five open loans (``loan_limit_reached``), and not one
    with four; a copy that is out (``copy_on_loan``).
``give_back(loan_id)``
    Closes a loan. Refuses one that is closed (``already_returned``), and leaves the moment of
    the first return as it is.
``renew(loan_id)``
    Makes a loan longer by ``LOAN_PERIOD``, counted from the day it was due, each of two times.
    Refuses a third time (``renewal_limit_reached``), a loan that is overdue (``loan_overdue``)
    and one that is closed (``already_returned``).

A refusal is a ``Conflict`` with a ``code``; its words may be put differently any day, and so
may the functions behind these three. ``rollback`` in ``conftest.py`` undoes what a test stores,
``app.app_context()`` is where a service runs.
"""

from flask import Flask

from app.extensions import db
from app.models import Author, Book, Copy, User
from app.services.loans import lend


def test_a_copy_is_lent_to_whoever_asks(app: Flask) -> None:
    with app.app_context():
        user = User(email="ada@example.org", name="Ada Lovelace")
        book = Book(title="Comet", isbn13="9780312608880", authors=[Author(name="Tove Jansson")])
        copy = Copy(book=book, barcode="LIB-1")
        db.session.add_all([user, copy])
        db.session.commit()

        assert lend(copy.id, user.id).user_id == user.id


# exercise 6.1 starts here
