"""Exercise 6.4: tests that hold the answers, and the guards, against the document."""

import pytest

from checker.harness.variants import Change, Exam, Variant, bug

GUARDS, PAGING, ERRORS = "app/auth/guards.py", "app/paging.py", "app/errors.py"
INFO, SECURITY = "app/openapi/info.py", "app/openapi/security.py"

EXAM = Exam(
    tests=("tests/test_document.py",),
    bugs=(
        bug(
            "number_as_text",
            "a page says its number as a text, where the document has an integer",
            PAGING,
            "jsonify(items=dumped, page=page,",
            "jsonify(items=dumped, page=str(page),",
        ),
        bug(
            "no_links",
            "what is on a page has no links, which the document promises",
            PAGING,
            "dumped = [with_links(schema, item) for item in schema.dump(items, many=True)]",
            "dumped = list(schema.dump(items, many=True))",
        ),
        bug(
            "silent_conflict",
            "a second book of the same ISBN is 409, of which the document says nothing",
            "app/blueprints/catalog/books.py",
            '@answers(BookSchema(), 201, location="books.get_book", errors={409: ["isbn_taken"]})',
            '@answers(BookSchema(), 201, location="books.get_book")',
        ),
        bug(
            "open_door",
            "one operation is open to everybody, though the document demands credentials",
            GUARDS,
            "if rule is None or rule.endpoint == STATIC:",
            'if rule is None or rule.endpoint in (STATIC, "users.list_users"):',
        ),
        bug(
            "reader_removes",
            "whoever may only read books can remove them",
            GUARDS,
            "    if missing:\n",
            '    if missing and request.method != "DELETE":\n',
        ),
        bug(
            "login_behind_a_login",
            "the document demands credentials where there are none yet: to sign in",
            SECURITY,
            "    if demands is None:\n        return []\n",
            "    if demands is None:\n        demands = frozenset()\n",
        ),
        bug(
            "no_challenge",
            "a 401 does not say how to prove who one is",
            "app/auth/errors.py",
            'self.headers = {"WWW-Authenticate": challenge}\n\n\nclass Forbidden',
            "self.headers = {}\n\n\nclass Forbidden",
        ),
        bug(
            "half_an_envelope",
            "an error has no details, which the document promises",
            ERRORS,
            "return jsonify(code=code, message=message, details=details)",
            "return jsonify(code=code, message=message)",
        ),
    ),
    ways=(
        Variant(
            "another_way",
            "another title, other words, and one operation more",
            (
                Change(GUARDS, "    if missing:\n", "    if len(missing) > 0:\n"),
                Change(INFO, "TITLE = ", 'TITLE = "Second edition: " + '),
                Change(
                    "app/blueprints/catalog/authors.py",
                    '@authors.get("/<int:author_id>")\n',
                    '@authors.get("/<int:author_id>/portrait", endpoint="portrait")\n'
                    '@authors.get("/<int:author_id>")\n',
                ),
                Change(
                    "app/services/lookup.py", 'raise NotFound(f"there is no', 'raise NotFound(f"no'
                ),
            ),
        ),
    ),
)


@pytest.mark.parametrize("name", EXAM.names)
def test_your_suite_finds(suite, name):
    missed = suite.missed(EXAM, name)
    assert not missed, missed


def test_your_suite_is_right(suite):
    wrong = suite.wrong(EXAM)
    assert not wrong, wrong
