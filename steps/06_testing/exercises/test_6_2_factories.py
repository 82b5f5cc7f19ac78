"""Exercise 6.2: factories that make whole, new rows; and tests that make use of them."""

import re

import pytest

from checker.harness.variants import Change, Exam, Variant, bug

REPORTS, HISTORY = "app/services/reports.py", "app/services/history.py"

EXAM = Exam(
    tests=("tests/test_reports.py",),
    bugs=(
        bug(
            "what_came_back",
            "somebody is reminded of a loan that came back",
            REPORTS,
            "Loan.returned_at.is_(None), Loan.due_at",
            "Loan.due_at",
        ),
        bug(
            "in_time",
            "somebody is reminded of a loan that is not due yet",
            REPORTS,
            "Loan.returned_at.is_(None), Loan.due_at < datetime.now(UTC)",
            "Loan.returned_at.is_(None)",
        ),
        bug(
            "not_the_oldest",
            "a reminder names the latest of several moments, not the oldest",
            REPORTS,
            "func.min(Loan.due_at)",
            "func.max(Loan.due_at)",
        ),
        bug(
            "order_of_ids",
            "reminders come in the order of the users' ids, not of their patience",
            REPORTS,
            ".order_by(oldest, User.id)",
            ".order_by(User.id)",
        ),
        bug(
            "ends_too_early",
            "the history ends after the first stretch, whatever follows",
            HISTORY,
            ".limit(per_page + 1)",
            ".limit(per_page)",
        ),
        bug(
            "latest_number",
            "the history has the highest id first, not the latest loan",
            HISTORY,
            ".order_by(Loan.borrowed_at.desc(), Loan.id.desc())",
            ".order_by(Loan.id.desc())",
        ),
        bug(
            "left_out",
            "of loans that were borrowed at the same moment, the history leaves some out",
            HISTORY,
            "query.where(tuple_(Loan.borrowed_at, Loan.id) < read_cursor(after))",
            "query.where(Loan.borrowed_at < read_cursor(after)[0])",
        ),
    ),
    ways=(
        Variant(
            "another_way",
            "the same, with cursors that look different",
            (
                Change(
                    REPORTS, "Loan.due_at < datetime.now(UTC)", "datetime.now(UTC) > Loan.due_at"
                ),
                Change(HISTORY, 'return f"{(loan', 'return f"at-{(loan'),
                Change(HISTORY, '"([0-9]{1,16})', '"at-([0-9]{1,16})'),
            ),
        ),
    ),
    years=3,
)

# Makes rows, and says what came of it: what is right is known out here.
MAKE = """
from datetime import UTC, datetime

from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from sqlalchemy import func, select


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def counts():
    return [count(model) for model in (Author, Book, Copy, User, Loan)]


def test_many(app, client, record_property):
    from factories import BookFactory, CopyFactory, LoanFactory, UserFactory

    with app.app_context():
        books = [BookFactory() for _ in range(12)]
        copies = [CopyFactory() for _ in range(12)]
        users = [UserFactory() for _ in range(12)]
        loans = [LoanFactory() for _ in range(3)]
        record_property("isbns", [book.isbn13 for book in [*books, *(c.book for c in copies)]])
        record_property("barcodes", [c.barcode for c in [*copies, *(x.copy for x in loans)]])
        record_property("emails", [user.email for user in [*users, *(x.user for x in loans)]])
        record_property("authors", [len(book.authors) for book in books])
        record_property("stored", counts())
    record_property("asked", client.get("/api/v1/books").get_json()["total"])


def test_given(app, record_property):
    from factories import AuthorFactory, BookFactory, CopyFactory, LoanFactory, UserFactory

    with app.app_context():
        record_property("before", counts())
        ende, ada = AuthorFactory(name="Michael Ende"), UserFactory(name="Ada")
        momo = BookFactory(title="Momo", authors=[ende])
        copy = CopyFactory(book=momo, barcode="MOMO-1")
        loan = LoanFactory(copy=copy, user=ada)
        record_property("given", [
            momo.title, *(a.name for a in loan.copy.book.authors), loan.copy.barcode, loan.user.name
        ])
        record_property("needed", counts())


def test_loans(app, record_property):
    from factories import LoanFactory

    with app.app_context():
        before = datetime.now(UTC)
        for name in ("open", "overdue", "returned"):
            loan = LoanFactory(**({} if name == "open" else {name: True}))
            moments = (before, loan.borrowed_at, loan.due_at, loan.returned_at, datetime.now(UTC))
            record_property(name, [m and m.timestamp() for m in moments])


def test_built(app, record_property):
    from factories import BookFactory, LoanFactory

    with app.app_context():
        built = BookFactory.build()
        LoanFactory.build()
        db.session.commit()
        record_property("built", [built.id, *counts()])
"""


def made(suite) -> dict:
    """What the factories made, by name; what they could not make is told in its place."""
    noted, told = suite.probe(MAKE)
    assert not told, f"the factories in tests/factories.py cannot be used: {told}"
    return noted


def fits(isbn: str) -> bool:
    if re.fullmatch("97[89][0-9]{10}", isbn) is None:
        return False
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(isbn)) % 10 == 0


@pytest.mark.parametrize("what", ["isbns", "barcodes", "emails"])
def test_each_row_is_another(suite, what):
    values = made(suite)[what]
    assert len(set(values)) == len(values), f"of {len(values)} {what}, two are the same"


def test_rows_are_believable(suite):
    noted = made(suite)
    for isbn in noted["isbns"]:
        assert fits(isbn), f"{isbn!r} is no ISBN-13: the last digit checks the others"
    for email in noted["emails"]:
        assert email == email.lower(), f"{email!r} is not in small letters"
        assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email), f"{email!r} is no address"
    for barcode in noted["barcodes"]:
        assert re.fullmatch("[0-9A-Z-]{1,32}", barcode), f"CopySchema refuses barcode {barcode!r}"
    assert set(noted["authors"]) == {1}, "a book has one author, where nobody says otherwise"


def test_what_is_made_is_stored(suite):
    noted = made(suite)
    _, books, copies, users, loans = noted["stored"]
    assert [books, copies, users, loans] == [27, 15, 15, 3], (
        "12 books, 12 copies, 12 users and 3 loans were made, each with what it needs; the database"
        f" holds {books} books, {copies} copies, {users} users, {loans} loans"
    )
    assert noted["asked"] == 27, f"27 books were made, and a request finds {noted['asked']}"


def test_what_is_given_wins(suite):
    noted = made(suite)
    expected = ["Momo", "Michael Ende", "MOMO-1", "Ada"]
    assert noted["given"] == expected, "what is given to a factory is what the row has"
    assert noted["needed"] == [1, 1, 1, 1, 1], (
        "an author, a book, a copy, a user and a loan were made of each other, and the database"
        f" holds {noted['needed']} of them: where one is given, none is made"
    )


def test_what_a_test_makes_is_gone(suite):
    before = made(suite)["before"]
    assert before == [0] * 5, "rows of another test are there: store them through db.session"


def test_loans_are_as_asked(suite):
    noted, period = made(suite), 21 * 24 * 3600
    before, borrowed, due, returned, after = noted["open"]
    assert returned is None, "a loan is open, where nobody says otherwise"
    assert before - 60 <= borrowed <= after, "a loan is borrowed now, where nobody says otherwise"
    assert abs(due - borrowed - period) < 1, "a loan is due LOAN_PERIOD after it was borrowed"
    before, borrowed, due, returned, after = noted["overdue"]
    assert returned is None, "LoanFactory(overdue=True) is open"
    assert borrowed < due < before, "LoanFactory(overdue=True) was due before now"
    before, borrowed, due, returned, after = noted["returned"]
    assert returned is not None, "LoanFactory(returned=True) is closed"
    assert borrowed < returned <= after, "it came back after it was borrowed, and not after now"


def test_what_is_built_is_not_stored(suite):
    built = made(suite)["built"]
    assert built == [None, 0, 0, 0, 0, 0], "BookFactory.build() and LoanFactory.build() store rows"


@pytest.mark.about("tests/test_reports.py", "overdue_report")
@pytest.mark.parametrize("name", EXAM.names)
def test_your_suite_finds(suite, name):
    missed = suite.missed(EXAM, name)
    assert not missed, missed


def test_your_suite_is_right(suite):
    wrong = suite.wrong(EXAM)
    assert not wrong, wrong
