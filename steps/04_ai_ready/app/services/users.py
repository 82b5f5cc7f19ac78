"""Users: who holds a library card."""

from typing import Any

from app.auth.passwords import hash_password
from app.errors import Conflict
from app.extensions import db
from app.models import User
from app.services.lookup import get
from app.services.transaction import commit_or_raise


def get_user(user_id: int) -> User:
    """The user with this id; :class:`app.errors.NotFound` where there is none."""
    return get(User, user_id)


def add_user(values: dict[str, Any]) -> User:
    """Add a user from the values that ``UserSchema`` loads.

    Raises :class:`Conflict`, code ``email_taken``, where somebody has the address already.
    """
    password = values.pop("password", None)
    user = User(**values)
    if password is not None:
        user.password_hash = hash_password(password)
    db.session.add(user)
    commit_or_raise(Conflict("email_taken", f"somebody has the address {user.email} already"))
    return user
