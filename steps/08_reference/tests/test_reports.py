"""Reports: who must be reminded, and the history of all loans. With rows from the factories."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import LoanFactory, UserFactory
from flask import Flask

from app.models import Loan
from app.services.history import read_history
from app.services.loans import LOAN_PERIOD
from app.services.reports import overdue_report


@pytest.fixture(autouse=True)
def context(app: Flask, rollback: None) -> Iterator[None]:
    with app.app_context():
        yield


def borrowed(days_ago: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days_ago)


def whole_history(per_page: int) -> list[int]:
    """The ids, stretch after stretch."""
    ids: list[int] = []
    cursor = None
    while True:
        loans, cursor = read_history(cursor, per_page)
        assert len(loans) <= per_page
        ids += [loan.id for loan in loans]
        if cursor is None:
            return ids


def test_nobody_is_reminded_in_an_empty_library() -> None:
    assert overdue_report() == []


def test_only_what_is_overdue_is_reminded_of() -> None:
    ada, *_ = LoanFactory(overdue=True).user, LoanFactory(), LoanFactory(returned=True)
    LoanFactory(user=ada)
    LoanFactory(overdue=True, user=ada, returned_at=borrowed(0))
    (reminder,) = overdue_report()
    assert (reminder.id, reminder.email, reminder.loans) == (ada.id, ada.email, 1)


def test_several_loans_are_one_reminder_of_the_oldest() -> None:
    ada = UserFactory()
    moments = [borrowed(LOAN_PERIOD.days + days) for days in (2, 9, 4)]
    for moment in moments:
        LoanFactory(user=ada, borrowed_at=moment)
    (reminder,) = overdue_report()
    assert (reminder.loans, reminder.due_at) == (3, min(moments) + LOAN_PERIOD)


def test_whoever_has_waited_longest_comes_first() -> None:
    late, latest, later = (
        LoanFactory(borrowed_at=borrowed(LOAN_PERIOD.days + days)).user_id for days in (1, 9, 5)
    )
    assert [reminder.id for reminder in overdue_report()] == [latest, later, late]


def test_the_latest_loan_comes_first() -> None:
    loans: list[Loan] = [LoanFactory(borrowed_at=borrowed(days)) for days in (3, 1, 2)]
    expected = [loans[place].id for place in (1, 2, 0)]
    assert whole_history(per_page=10) == expected


@pytest.mark.parametrize("per_page", [1, 2, 3, 6])
def test_every_loan_comes_once(per_page: int) -> None:
    same = borrowed(2)
    moments = [same, borrowed(4), same, borrowed(1), same, borrowed(3)]
    loans = [LoanFactory(borrowed_at=moment) for moment in moments]
    found = whole_history(per_page)
    assert len(found) == len(loans)
    assert set(found) == {loan.id for loan in loans}
