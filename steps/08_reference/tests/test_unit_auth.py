"""Units: the helpers that decide who may come in. No request."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.auth.guards import granted
from app.auth.passwords import check_password, hash_password
from app.auth.principal import Principal
from app.auth.scopes import ROLE_SCOPES, SCOPES, parse_scopes
from app.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def ada() -> User:
    return User(
        email="ada@example.org", name="Ada", active=True, password_hash=hash_password(PASSWORD)
    )


def principal(role: str | None, *scopes: str) -> Principal:
    return Principal("1", frozenset(scopes), role)


def test_the_right_password_opens(ada: User) -> None:
    assert check_password(ada, PASSWORD)


@pytest.mark.parametrize("password", ["", "Correct horse battery", PASSWORD + " "])
def test_another_password_does_not(ada: User, password: str) -> None:
    assert not check_password(ada, password)


def test_a_closed_account_stays_closed(ada: User) -> None:
    ada.active = False
    assert not check_password(ada, PASSWORD)


def test_nobody_and_nothing_open_nothing(ada: User) -> None:
    ada.password_hash = None
    assert not check_password(ada, PASSWORD)
    assert not check_password(None, PASSWORD)


def test_no_two_hashes_are_the_same() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


@pytest.mark.parametrize("role", ROLE_SCOPES)
def test_a_token_gives_no_more_than_the_role_has(role: str) -> None:
    assert granted(principal(role, *SCOPES)) == ROLE_SCOPES[role]


def test_a_role_gives_no_more_than_the_token_names() -> None:
    assert granted(principal("admin", "books:read")) == {"books:read"}


def test_an_unknown_role_has_nothing() -> None:
    assert granted(principal("owner", *SCOPES)) == frozenset()


def test_who_is_no_user_has_what_the_token_names() -> None:
    assert granted(principal(None, "books:read", "loans:read")) == {"books:read", "loans:read"}


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("", set()),
        ("books:read", {"books:read"}),
        (" books:read   loans:read ", {"books:read", "loans:read"}),
    ],
)
def test_scopes_are_names_with_spaces_between(text: str, scopes: set[str]) -> None:
    assert parse_scopes(text) == scopes
