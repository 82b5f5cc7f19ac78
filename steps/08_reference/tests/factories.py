"""Factories: rows of a library, each complete, believable, and another one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory
from sqlalchemy.orm import scoped_session

from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from app.services.loans import LOAN_PERIOD


def session() -> scoped_session[Any]:
    """The one of this moment: each test has another."""
    return db.session


def isbn13(number: int) -> str:
    """An ISBN of our own for each number, with its check digit (ISO 2108)."""
    digits = f"978{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


class AuthorFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Author
        sqlalchemy_session_factory = session
        sqlalchemy_session_persistence = "commit"

    name = factory.Sequence("Author {}".format)


class BookFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Book
        sqlalchemy_session_factory = session
        sqlalchemy_session_persistence = "commit"

    title = factory.Sequence("Book {}".format)
    isbn13 = factory.Sequence(isbn13)
    authors = factory.List([factory.SubFactory(AuthorFactory)])


class CopyFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Copy
        sqlalchemy_session_factory = session
        sqlalchemy_session_persistence = "commit"

    book = factory.SubFactory(BookFactory)
    barcode = factory.Sequence("LIB-{:06d}".format)


class UserFactory(SQLAlchemyModelFactory):
    class Meta:
        model = User
        sqlalchemy_session_factory = session
        sqlalchemy_session_persistence = "commit"

    name = factory.Sequence("Reader {}".format)
    email = factory.Sequence("reader{}@example.org".format)


class LoanFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Loan
        sqlalchemy_session_factory = session
        sqlalchemy_session_persistence = "commit"

    class Params:
        overdue = factory.Trait(
            borrowed_at=factory.LazyFunction(lambda: days_ago(LOAN_PERIOD.days + 1))
        )
        returned = factory.Trait(
            borrowed_at=factory.LazyFunction(lambda: days_ago(7)),
            returned_at=factory.LazyFunction(lambda: days_ago(1)),
        )

    copy = factory.SubFactory(CopyFactory)
    user = factory.SubFactory(UserFactory)
    borrowed_at = factory.LazyFunction(lambda: datetime.now(UTC))
    due_at = factory.LazyAttribute(lambda loan: loan.borrowed_at + LOAN_PERIOD)
