"""Exercise 6.1: tests of schemas, services and helpers that notice when these go wrong."""

import pytest

from checker.harness.variants import Change, Exam, Variant, bug

LOANS, RENEWALS = "app/services/loans.py", "app/services/renewals.py"
BOOK, USER, VALIDATORS = "app/schemas/book.py", "app/schemas/user.py", "app/schemas/validators.py"
PASSWORDS, GUARDS, SCOPES = "app/auth/passwords.py", "app/auth/guards.py", "app/auth/scopes.py"

EXAM = Exam(
    tests=(
        "tests/test_unit_schemas.py",
        "tests/test_unit_services.py",
        "tests/test_unit_auth.py",
    ),
    bugs=(
        bug(
            "mistyped_isbn",
            "an ISBN with a mistyped digit is accepted",
            BOOK,
            "return total % 10 == 0",
            "return total % 10 < 10",
        ),
        bug(
            "too_late_a_year",
            "a book can be published in the year after next",
            VALIDATORS,
            "datetime.now(UTC).year + 1",
            "datetime.now(UTC).year + 2",
        ),
        bug(
            "own_role",
            "whoever gets a card may choose to be an admin",
            USER,
            "        dump_only=True,\n        validate=validate.OneOf",
            "        validate=validate.OneOf",
        ),
        bug(
            "returned_twice",
            "a loan can be returned twice",
            LOANS,
            'raise Conflict("already_returned", f"loan {loan_id} was closed before")',
            "return loan",
        ),
        bug(
            "six_loans",
            "somebody can have six loans at once",
            LOANS,
            "if len(due) >= MAX_OPEN_LOANS:",
            "if len(due) > MAX_OPEN_LOANS:",
        ),
        bug(
            "one_of_several",
            "somebody with one overdue loan among several can borrow more",
            LOANS,
            "if any(moment < datetime.now(UTC) for moment in due):",
            "if due and all(moment < datetime.now(UTC) for moment in due):",
        ),
        bug(
            "second_renewal",
            "the second renewal of a loan gives no more time",
            RENEWALS,
            "loan.due_at += LOAN_PERIOD",
            "loan.due_at = loan.borrowed_at + 2 * LOAN_PERIOD",
        ),
        bug(
            "closed_account",
            "the right password still opens an account that is closed",
            PASSWORDS,
            "if user is None or not user.active or user.password_hash is None:",
            "if user is None or user.password_hash is None:",
        ),
        bug(
            "more_than_the_role",
            "a member whose token says admin is an admin",
            GUARDS,
            "return principal.scopes & ROLE_SCOPES.get(principal.role, frozenset())",
            "return principal.scopes",
        ),
        bug(
            "next_year",
            "a book cannot be published next year",
            VALIDATORS,
            "datetime.now(UTC).year + 1",
            "datetime.now(UTC).year",
        ),
        bug(
            "eleven_characters",
            "a password of eleven characters is accepted",
            "app/schemas/auth.py",
            "SHORTEST_PASSWORD = 12",
            "SHORTEST_PASSWORD = 11",
        ),
        bug(
            "password_told",
            "the password of a user goes out with the rest",
            USER,
            "        load_only=True,\n",
            "",
        ),
        bug(
            "four_loans",
            "somebody with four open loans gets no fifth",
            LOANS,
            "if len(due) >= MAX_OPEN_LOANS:",
            "if len(due) >= MAX_OPEN_LOANS - 1:",
        ),
        bug(
            "first_return",
            "a second return is refused, and moves the moment of the first",
            LOANS,
            'raise Conflict("already_returned", f"loan {loan_id} was closed before")',
            "loan.returned_at = datetime.now(UTC)\n        db.session.commit()\n"
            '        raise Conflict("already_returned", f"loan {loan_id} was closed before")',
        ),
        bug(
            "third_renewal",
            "a loan can be renewed a third time",
            RENEWALS,
            "if loan.renewals >= MAX_RENEWALS:",
            "if loan.renewals > MAX_RENEWALS:",
        ),
        bug(
            "overdue_renewal",
            "a loan that is overdue can be renewed",
            RENEWALS,
            "    if is_overdue(loan):",
            "    if loan.renewals and is_overdue(loan):",
        ),
        bug(
            "no_password",
            "any password opens an account that has none",
            PASSWORDS,
            "    if user is None or not user.active or user.password_hash is None:",
            "    if user is not None and user.active and user.password_hash is None:\n"
            "        return True\n"
            "    if user is None or not user.active or user.password_hash is None:",
        ),
        bug(
            "same_hash",
            "the same password has the same hash each time",
            PASSWORDS,
            "return hasher().hash(password)",
            "return hasher().hash(password, salt=bytes(16))",
        ),
        bug(
            "unknown_role",
            "a role that nobody knows has all that its token names",
            GUARDS,
            "ROLE_SCOPES.get(principal.role, frozenset())",
            "ROLE_SCOPES.get(principal.role, principal.scopes)",
        ),
        bug(
            "no_role",
            "a program, which has no role, may do nothing",
            GUARDS,
            "        return principal.scopes\n",
            "        return frozenset()\n",
        ),
        bug(
            "nameless_scope",
            "two spaces between scopes, or an empty text, make a scope without a name",
            SCOPES,
            "text.split()",
            'text.split(" ")',
        ),
    ),
    ways=(
        Variant(
            "another_way",
            "the same, in other words and of other parts",
            (
                Change(
                    LOANS,
                    "if len(due) >= MAX_OPEN_LOANS:",
                    "if not len(due) < MAX_OPEN_LOANS:",
                ),
                Change(LOANS, 'f"the card of user {user.id} is blocked"', '"not with this card"'),
                Change(LOANS, 'f"user {user.id} has {len(due)} open loans"', '"these are enough"'),
                Change(LOANS, 'f"copy {copy_id} is out"', '"somebody has it"'),
                Change(
                    LOANS,
                    "if any(moment < datetime.now(UTC) for moment in due):",
                    "if due and min(due) < datetime.now(UTC):",
                ),
                Change(RENEWALS, 'f"loan {loan.id} is overdue: bring the copy back"', '"too late"'),
                Change(
                    BOOK, "is not an ISBN-13: check the digits, one may be mistyped", "is wrong"
                ),
                Change(BOOK, "if not is_isbn13(value):", "if not fits(value):"),
                Change(BOOK, "def is_isbn13(text: str)", "def fits(text: str)"),
                Change(BOOK, "return total % 10 == 0", "return not total % 10"),
                Change(RENEWALS, "    refuse_renewal(loan)\n", "    check(loan)\n"),
                Change(RENEWALS, "def refuse_renewal(loan", "def check(loan"),
                Change(
                    RENEWALS,
                    "loan.due_at += LOAN_PERIOD",
                    "loan.due_at = LOAN_PERIOD + loan.due_at",
                ),
                Change(
                    PASSWORDS,
                    "return hasher().hash(password)",
                    "return made_today().hash(password)",
                ),
                Change(PASSWORDS, "        hasher().verify(", "        made_today().verify("),
                Change(PASSWORDS, "if hasher().check", "if made_today().check"),
                Change(PASSWORDS, "def hasher()", "def made_today()"),
                Change(
                    GUARDS,
                    "return principal.scopes & ROLE_SCOPES.get(principal.role, frozenset())",
                    "return principal.scopes.intersection(ROLE_SCOPES.get(principal.role, ()))",
                ),
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
