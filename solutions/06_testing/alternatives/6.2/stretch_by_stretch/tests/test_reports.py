"""Reports: who must be reminded, and the history of all loans. With rows from the factories."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import LoanFactory, UserFactory
from flask import Flask

from app.services import history, reports

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def lent(app: Flask, rollback: None) -> dict[str, int]:
    """A library in the middle of its life: three readers, and the ids by their story."""
    with app.app_context():
        patient, eager, good = (UserFactory() for _ in range(3))
        for user, days in ((eager, 25), (patient, 40), (patient, 30), (good, 5)):
            LoanFactory(user=user, borrowed_at=NOW - timedelta(days=days))
        for user in (good, eager):
            LoanFactory(user=user, borrowed_at=NOW - timedelta(days=50), returned_at=NOW)
        return {"patient": patient.id, "eager": eager.id, "good": good.id}


def test_reminders(app: Flask, lent: dict[str, int]) -> None:
    with app.app_context():
        told = [(row.id, row.loans, row.due_at) for row in reports.overdue_report()]
    assert told == [
        (lent["patient"], 2, NOW - timedelta(days=19)),
        (lent["eager"], 1, NOW - timedelta(days=4)),
    ]


def test_order_of_reminders_is_not_that_of_ids(app: Flask, rollback: None) -> None:
    with app.app_context():
        for days in (25, 40, 30):
            LoanFactory(borrowed_at=NOW - timedelta(days=days))
        due = [row.due_at for row in reports.overdue_report()]
    assert len(due) == 3
    assert due == sorted(due)


def test_history(app: Flask, lent: dict[str, int]) -> None:
    with app.app_context():
        everything, end = history.read_history(None, 100)
        assert (len(everything), end) == (6, None)
        moments = [loan.borrowed_at for loan in everything]
        assert moments == sorted(moments, reverse=True)
        ids = [loan.id for loan in everything]
        for size in range(1, 7):
            cursor, read = None, list[int]()
            while not read or cursor:
                stretch, cursor = history.read_history(cursor, size)
                assert 0 < len(stretch) <= size
                read.extend(loan.id for loan in stretch)
            assert read == ids, size


def test_history_without_loans(app: Flask, rollback: None) -> None:
    with app.app_context():
        assert history.read_history(None, 5) == ([], None)
