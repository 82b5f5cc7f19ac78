"""Units: the helpers that decide who may come in. No request."""

from flask import Flask

from app.auth import guards, passwords, scopes
from app.auth.principal import Principal
from app.models import User


class TestPasswords:
    """Each in a context of its own."""

    right = "staple battery horse"

    def opens(self, app: Flask, given: str, **account: object) -> bool:
        with app.app_context():
            stored = {"active": True, "password_hash": passwords.hash_password(self.right)}
            user = User(email="ada@example.org", name="Ada", **{**stored, **account})
            return passwords.check_password(user, given)

    def test_right(self, app: Flask) -> None:
        assert self.opens(app, self.right)

    def test_wrong(self, app: Flask) -> None:
        assert not any(self.opens(app, given) for given in ("", "x", self.right.upper()))

    def test_closed(self, app: Flask) -> None:
        assert not self.opens(app, self.right, active=False)

    def test_without_a_password(self, app: Flask) -> None:
        assert not self.opens(app, self.right, password_hash=None)

    def test_nobody(self, app: Flask) -> None:
        with app.app_context():
            assert not passwords.check_password(None, self.right)

    def test_salt(self, app: Flask) -> None:
        with app.app_context():
            assert len({passwords.hash_password(self.right) for _ in range(3)}) == 3


class TestScopes:
    """What is granted is what both say."""

    def granted(self, role: str | None, text: str) -> str:
        named = Principal("7", scopes.parse_scopes(text), role)
        return scopes.spell_scopes(guards.granted(named))

    def test_role_and_token(self) -> None:
        assert self.granted("member", "books:read users:write admin") == "books:read"
        assert self.granted("librarian", "admin  users:write") == "users:write"
        assert self.granted("admin", "admin") == "admin"

    def test_strangers(self) -> None:
        assert self.granted("king", "admin books:read") == ""
        assert self.granted(None, "admin books:read") == "books:read admin"

    def test_spaces(self) -> None:
        assert scopes.parse_scopes("") == frozenset()
        assert scopes.parse_scopes("  admin ") == {"admin"}
