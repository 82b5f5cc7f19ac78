"""Users: list, add, read; their loans; and oneself.

The document names every status and every code that these can answer, to people and to programs.

``GET /users/{user_id}/loans`` is a page of one user's loans, open and closed, with the shape,
the sort keys and the scope of ``GET /loans``. A member who asks for somebody else's gets 404,
as for a user who is not there: nobody learns who has a card.
"""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from app.auth.guards import limited_to, requires
from app.auth.principal import current_principal
from app.errors import NotFound
from app.models import Loan, User
from app.openapi.contracts import accepts, answers
from app.paging import pages
from app.repeats import repeatable
from app.schemas.auth import PasswordSchema
from app.schemas.loan import LoanSchema
from app.schemas.user import UserSchema
from app.services import accounts
from app.services import users as service

users = Blueprint("users", __name__)

NO_USER = {404: ["not_found"]}
"""Programs that act for themselves are nobody's account."""


@users.get("")
@requires("users:read")
@pages(UserSchema(), sort=["id", "email", "name"])
def list_users() -> Select[User]:
    """List users."""
    return select(User)


@users.post("")
@requires("users:write")
@accepts(UserSchema())
@repeatable
@answers(UserSchema(), 201, location="users.get_user", errors={409: ["email_taken"]})
def add_user(values: dict[str, Any]) -> User:
    """Issue a card to a new member."""
    return service.add_user(values)


@users.get("/<int:user_id>")
@requires("users:read")
@answers(UserSchema())
def get_user(user_id: int) -> User:
    """Read a user."""
    return service.get_user(user_id)


@users.get("/<int:user_id>/loans")
@requires("loans:read")
@pages(LoanSchema(), sort=["id", "borrowed_at", "due_at", "returned_at"])
def list_loans_of(user_id: int) -> Select[Loan]:
    """List the loans of a user.

    A member who asks for somebody else's is told that there is no such user.
    """
    if limited_to() not in {None, user_id}:
        raise NotFound(f"there is no user {user_id}")
    return select(Loan).where(Loan.user_id == service.get_user(user_id).id)


@users.get("/me")
@requires()
@answers(UserSchema(), errors=NO_USER)
def get_myself() -> User:
    """Read who you are."""
    return myself()


@users.put("/me/password")
@requires()
@accepts(PasswordSchema())
@answers(None, 204, errors=NO_USER)
def change_my_password(values: dict[str, Any]) -> None:
    """Change your password.

    Ends all your sessions: sign in again with the new one.
    """
    accounts.change_password(myself(), values["current_password"], values["new_password"])


def myself() -> User:
    user = current_principal().user
    if user is None:
        raise NotFound("a client that acts for itself is no user")
    return user
