"""Units: the helpers that decide who may come in. No request.

To be held here, each in a test that fails when it no longer is so:

``check_password(user, password)``
    True for the right password of an account that is open, and for nothing else: not for
    another password, nor without a user, nor for the right password of an account that is
    closed (``active`` is false), nor where there is no ``password_hash``. ``hash_password`` makes
    another hash of the same password each time.
``granted(principal)``
    What a token names *and* the role has: a member whose token says ``admin`` has not got it. A
    role that nobody knows has nothing. Whoever has no role (``None``: a program, not a person)
    has what the token names.
``parse_scopes(text)``
    The names, whatever the spaces between them; none in an empty text.

``hash_password`` and ``check_password`` need an app context. What stands behind these four may
be written differently any day.
"""

from app.auth.scopes import parse_scopes


def test_two_scopes_are_two() -> None:
    assert parse_scopes("books:read loans:read") == {"books:read", "loans:read"}


# exercise 6.1 starts here
