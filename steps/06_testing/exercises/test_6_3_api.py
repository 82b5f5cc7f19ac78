"""Exercise 6.3: tests of the API that look at statuses, at payloads, and behind them."""

import ast

import pytest

from checker.harness.variants import Change, Exam, Variant, bug

BOOKS, BOOK = "app/blueprints/catalog/books.py", "app/schemas/book.py"
LOANS, LOOKUP, ERRORS = "app/services/loans.py", "app/services/lookup.py", "app/errors.py"
ANY_ID = "primary_key=True, default=lambda: __import__('secrets').randbelow(2**30) + 1"

EXAM = Exam(
    tests=("tests/test_api.py",),
    bugs=(
        bug(
            "address_of_another",
            "the address of a new book, in Location, is that of an author",
            BOOKS,
            'location="books.get_book"',
            'location="authors.get_author"',
        ),
        bug(
            "order_of_ids",
            "the authors of a book stand in the order of their ids, not of the cover",
            "app/services/books.py",
            'for author_id in values["author_ids"]',
            'for author_id in sorted(values["author_ids"])',
        ),
        bug(
            "authors_without_names",
            "the authors in a book have lost their names",
            BOOK,
            'only=("id", "name")',
            'only=("id",)',
        ),
        bug(
            "removed_with_200",
            "a book that was removed is answered with 200, not with 204",
            BOOKS,
            '@answers(None, 204, errors={409: ["book_has_loans"]',
            '@answers(None, 200, errors={409: ["book_has_loans"]',
        ),
        bug(
            "still_out",
            "a copy that came back is still said to be out",
            "app/models/copy.py",
            ".where(Loan.copy_id == id, Loan.returned_at.is_(None))",
            ".where(Loan.copy_id == id)",
        ),
        bug(
            "a_day_less",
            "a loan is due a day early",
            LOANS,
            "timedelta(days=21)",
            "timedelta(days=20)",
        ),
        bug(
            "no_details",
            "a 422 does not say which field is wrong",
            "app/openapi/contracts.py",
            "raise Invalid(explain(error, schema, sent)) from None",
            "raise Invalid([]) from None",
        ),
        bug(
            "another_code",
            "a 404 has another code than not_found",
            ERRORS,
            'super().__init__("not_found", message)',
            'super().__init__("missing", message)',
        ),
        bug(
            "unknown_copy",
            "to lend a copy that is not there is answered with 404, not with 422",
            LOOKUP,
            'raise Unprocessable(field, f"there is no {model.__name__.lower()} {row_id}")',
            'raise NotFound(f"there is no {model.__name__.lower()} {row_id}")',
        ),
        bug(
            "another_client",
            "whoever asks with another client than Flask's own is refused",
            "app/auth/guards.py",
            "    rule = request.url_rule\n",
            "    rule = request.url_rule\n"
            "    if not request.user_agent.string.startswith('Werkzeug'):\n"
            "        raise Forbidden('access_denied', 'not with this client')\n",
        ),
        bug(
            "one_field",
            "of several wrong fields a 422 names only one",
            "app/openapi/contracts.py",
            "raise Invalid(explain(error, schema, sent)) from None",
            "raise Invalid(explain(error, schema, sent)[:1]) from None",
        ),
        bug(
            "another_word_for_422",
            "a 422 has another code than validation_failed",
            ERRORS,
            'super().__init__("validation_failed", please_correct(details), details)',
            'super().__init__("invalid", please_correct(details), details)',
        ),
        bug(
            "still_there",
            "a book that was removed is still there",
            "app/services/books.py",
            "db.session.delete(locked(Book, book_id))",
            "locked(Book, book_id)",
        ),
        bug(
            "another_conflict",
            "to lend a copy that is out is answered with another code than copy_on_loan",
            LOANS,
            'Conflict("copy_on_loan", f',
            'Conflict("conflict", f',
        ),
        bug(
            "second_version",
            "a new book begins with version 2",
            "app/models/book.py",
            '{"version_id_col": version}',
            '{"version_id_col": version, "version_id_generator": lambda last: (last or 1) + 1}',
        ),
    ),
    ways=(
        Variant(
            "another_way",
            "ids that do not begin at 1, one field more, and other words",
            (
                Change(LOANS, "timedelta(days=21)", "timedelta(weeks=3)"),
                *(
                    Change(f"app/models/{name}.py", "primary_key=True", ANY_ID)
                    for name in ("book", "copy", "loan", "user")
                ),
                Change(
                    BOOK,
                    "    @pre_load\n",
                    '    shelf = fields.Constant("A", dump_only=True, metadata=about("A", "A"))'
                    "\n\n    @pre_load\n",
                ),
                Change(
                    LOOKUP,
                    'raise NotFound(f"there is no {model.__name__.lower()} {row_id}")',
                    'raise NotFound("nothing is here")',
                ),
                Change(ERRORS, 'return "please correct: "', 'return "not quite: "'),
            ),
        ),
    ),
    years=3,
)


@pytest.mark.parametrize("name", EXAM.names)
def test_your_suite_finds(suite, name):
    missed = suite.missed(EXAM, name)
    assert not missed, missed


def test_your_suite_is_right(suite):
    wrong = suite.wrong(EXAM)
    assert not wrong, wrong


def test_one_asks_by_httpx(source):
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(source("tests/test_api.py").tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert "WSGITransport" in names, (
        "no test asks by httpx: a client of another make shows whether what you answer is HTTP, or"
        " only what Flask's own client lets pass"
    )
