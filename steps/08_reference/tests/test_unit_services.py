"""Units: what the services of loans do, and what they refuse. No request."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from flask import Flask

from app.errors import Conflict
from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from app.services.loans import LOAN_PERIOD, MAX_OPEN_LOANS, give_back, lend
from app.services.renewals import MAX_RENEWALS, renew

numbers = count(1)


@pytest.fixture(autouse=True)
def context(app: Flask, rollback: None) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def user() -> User:
    user = User(email="ada@example.org", name="Ada Lovelace")
    db.session.add(user)
    db.session.commit()
    return user


@pytest.fixture
def book() -> Book:
    book = Book(title="Comet", isbn13="9780312608880", authors=[Author(name="Tove Jansson")])
    db.session.add(book)
    db.session.commit()
    return book


@pytest.fixture
def loan(book: Book, user: User) -> Loan:
    return lend(a_copy(book).id, user.id)


def a_copy(book: Book) -> Copy:
    copy = Copy(book=book, barcode=f"LIB-{next(numbers)}")
    db.session.add(copy)
    db.session.commit()
    return copy


def make_overdue(loan: Loan) -> None:
    loan.borrowed_at -= timedelta(days=30)
    loan.due_at = datetime.now(UTC) - timedelta(days=1)
    db.session.commit()


def code_of(refused: pytest.ExceptionInfo[Conflict]) -> str:
    return refused.value.code


def test_a_loan_lasts_for_the_period(loan: Loan) -> None:
    assert loan.due_at - loan.borrowed_at == LOAN_PERIOD
    assert loan.returned_at is None


def test_a_blocked_card_borrows_nothing(book: Book, user: User) -> None:
    user.active = False
    with pytest.raises(Conflict) as refused:
        lend(a_copy(book).id, user.id)
    assert code_of(refused) == "user_inactive"


def test_one_overdue_loan_among_several_is_enough(book: Book, user: User) -> None:
    first, second = (lend(a_copy(book).id, user.id) for _ in range(2))
    make_overdue(second)
    with pytest.raises(Conflict) as refused:
        lend(a_copy(book).id, user.id)
    assert code_of(refused) == "loan_overdue"
    assert first.due_at > datetime.now(UTC)


def test_an_overdue_loan_that_came_back_is_forgiven(book: Book, user: User, loan: Loan) -> None:
    make_overdue(loan)
    give_back(loan.id)
    assert lend(a_copy(book).id, user.id).id


def test_five_are_enough_and_four_are_not(book: Book, user: User) -> None:
    for _ in range(MAX_OPEN_LOANS):
        lend(a_copy(book).id, user.id)
    with pytest.raises(Conflict) as refused:
        lend(a_copy(book).id, user.id)
    assert code_of(refused) == "loan_limit_reached"


def test_a_copy_is_in_one_pair_of_hands(loan: Loan) -> None:
    with pytest.raises(Conflict) as refused:
        lend(loan.copy_id, loan.user_id)
    assert code_of(refused) == "copy_on_loan"


def test_a_loan_comes_back_once(loan: Loan) -> None:
    first = give_back(loan.id).returned_at
    assert first is not None
    with pytest.raises(Conflict) as refused:
        give_back(loan.id)
    assert code_of(refused) == "already_returned"
    assert loan.returned_at == first


def test_each_renewal_counts_from_the_day_it_was_due(loan: Loan) -> None:
    for _ in range(MAX_RENEWALS):
        before = loan.due_at
        assert renew(loan.id).due_at - before == LOAN_PERIOD


def test_twice_is_enough(loan: Loan) -> None:
    for _ in range(MAX_RENEWALS):
        renew(loan.id)
    with pytest.raises(Conflict) as refused:
        renew(loan.id)
    assert code_of(refused) == "renewal_limit_reached"


def test_what_is_overdue_is_not_renewed(loan: Loan) -> None:
    make_overdue(loan)
    with pytest.raises(Conflict) as refused:
        renew(loan.id)
    assert code_of(refused) == "loan_overdue"


def test_what_is_closed_is_not_renewed(loan: Loan) -> None:
    give_back(loan.id)
    with pytest.raises(Conflict) as refused:
        renew(loan.id)
    assert code_of(refused) == "already_returned"
