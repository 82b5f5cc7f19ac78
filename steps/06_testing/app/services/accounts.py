"""Accounts: signing in, and what changes who may."""

from sqlalchemy import select

from app.auth import audit
from app.auth.errors import Unauthenticated
from app.auth.opaque import pseudonym
from app.auth.passwords import check_password, hash_password
from app.errors import Conflict, Unprocessable
from app.extensions import db
from app.models import User
from app.services import sessions
from app.services.lookup import get


def authenticate(email: str, password: str) -> User:
    """The active user with this address and password; commits, where the hash was renewed.

    Raises ``Unauthenticated``, code ``invalid_credentials``, in the same words whatever was
    wrong. The log learns a pseudonym of the address: people type their password there too.
    """
    user = db.session.scalar(select(User).where(User.email == email))
    right = check_password(user, password)
    db.session.commit()
    if user is None or not right:
        audit.record("sign_in_failed", account=pseudonym(email))
        raise Unauthenticated("invalid_credentials", "no account has this address and password")
    return user


def change_password(user: User, current: str, new: str) -> None:
    """Give ``user`` another password, and end every session they have."""
    if not check_password(user, current):
        raise Unprocessable("current_password", "is not your password")
    user.password_hash = hash_password(new)
    sessions.end_all(user)


def deactivate(user_id: int, by: str) -> User:
    """Close an account: nobody signs in to it, and no token of it works from now on.

    Raises :class:`app.errors.NotFound`, and :class:`Conflict`, code ``own_account``, where the
    user is the subject who asks, ``by``: somebody must be left to open the door.
    """
    user = get(User, user_id)
    if str(user.id) == by:
        raise Conflict("own_account", "nobody closes their own account")
    user.active = False
    sessions.end_all(user)
    return user
