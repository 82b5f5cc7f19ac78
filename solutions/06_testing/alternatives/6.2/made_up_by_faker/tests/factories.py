"""Factories: rows of a library, each complete, believable, and another one."""

import random
from datetime import UTC, datetime, timedelta

from factory import Faker, LazyAttribute, LazyFunction, List, Maybe, Sequence, SubFactory, Trait
from factory.alchemy import SQLAlchemyModelFactory

from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from app.services.loans import LOAN_PERIOD


class Stored(SQLAlchemyModelFactory):
    """What all have in common: the session of the moment."""

    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731
        sqlalchemy_session_persistence = "commit"


class AuthorFactory(Stored):
    class Meta:
        model = Author

    name = Faker("name")
    birth_year = Faker("random_int", min=1850, max=1990)


class BookFactory(Stored):
    class Meta:
        model = Book

    title = Faker("sentence", nb_words=3)
    isbn13 = Faker("isbn13", separator="")
    authors = List([SubFactory(AuthorFactory)])


class CopyFactory(Stored):
    class Meta:
        model = Copy

    book = SubFactory(BookFactory)
    barcode = Sequence(lambda number: f"C-{number}-{random.randrange(10**6)}")
    condition = "new"


class UserFactory(Stored):
    class Meta:
        model = User

    name = Faker("name")
    email = Sequence(lambda number: f"{number}@readers.example.org")
    role = "member"


class LoanFactory(Stored):
    class Meta:
        model = Loan

    class Params:
        returned = False
        overdue = Trait(days=60)
        days = 0

    copy = SubFactory(CopyFactory)
    user = SubFactory(UserFactory)
    borrowed_at = LazyAttribute(
        lambda loan: datetime.now(UTC) - timedelta(days=loan.days + 2 * loan.returned)
    )
    due_at = LazyAttribute(lambda loan: loan.borrowed_at + LOAN_PERIOD)
    returned_at = Maybe("returned", LazyFunction(lambda: datetime.now(UTC)), None)
