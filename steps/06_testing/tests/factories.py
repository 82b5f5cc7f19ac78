"""Factories: rows of a library, each complete, believable, and another one.

``AuthorFactory``, ``BookFactory``, ``CopyFactory``, ``UserFactory`` and ``LoanFactory``, made with
factory-boy. For each of them:

``BookFactory()``
    Stores a row, with all the rows that it needs, through ``db.session`` as it is at that
    moment (``rollback`` in ``conftest.py`` replaces it for each test), and returns it: the next
    request finds it, and after the test it is gone. ``BookFactory.build()`` stores nothing.
Each another one
    However many are made in a run: no two have the same ISBN, barcode or address.
Believable
    An ISBN has the right check digit, an address is in small letters, a barcode is one that
    ``CopySchema`` accepts. Nobody need say anything.
What is given wins
    ``BookFactory(title="Momo", authors=[ende])``, ``CopyFactory(book=momo)``,
    ``LoanFactory(copy=…, user=…)``.

A loan is open, borrowed now, and due ``LOAN_PERIOD`` later. ``LoanFactory(overdue=True)`` is open
too, and was due before now. ``LoanFactory(returned=True)`` is closed: it came back after it was
borrowed, and not later than now. A book has one author.
"""

import factory
from factory.alchemy import SQLAlchemyModelFactory

from app.extensions import db
from app.models import Author


class AuthorFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Author
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731 - asked each time
        sqlalchemy_session_persistence = "commit"

    name = factory.Sequence("Author {}".format)


# exercise 6.2 starts here
