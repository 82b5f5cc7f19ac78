"""Users: who holds a library card."""

from typing import Any

from sqlalchemy import ColumnElement, select

from app.auth.passwords import hash_password
from app.errors import Conflict
from app.extensions import db
from app.models import User
from app.services.lookup import MAX_ID, get
from app.services.transaction import commit_or_raise


def get_user(user_id: int) -> User:
    """The user with this id; :class:`app.errors.NotFound` where there is none."""
    return get(User, user_id)


def find_user_and(question: ColumnElement[bool], user_id: int) -> tuple[User, bool] | None:
    """The user with this id, and what the database says to ``question``, in one statement.

    Whoever looks for that user again, in the same request, finds them without another: a
    session of SQLAlchemy forgets a row that nobody has in their hands, so it is given one.
    """
    if not 1 <= user_id <= MAX_ID:
        return None
    found = db.session.execute(select(User, question).where(User.id == user_id)).first()
    if found is None:
        return None
    user, answer = found
    db.session.info["user"] = user
    return user, bool(answer)


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
