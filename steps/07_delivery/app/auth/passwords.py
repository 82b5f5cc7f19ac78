"""Passwords: chosen by people, so slow to try and never kept."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from app.models import User


def hash_password(password: str) -> str:
    """What is stored in place of ``password``: an argon2id hash with a salt of its own.

    The cost is that of ``PASSWORD_PARAMETERS`` of the config, argon2's ``Parameters``, as it
    is at that moment.
    """
    return hasher().hash(password)


def check_password(user: User | None, password: str) -> bool:
    """Whether ``password`` opens the account of ``user``.

    A wrong password costs one run of argon2, and so does a ``user`` who is ``None``, is not
    active or has no ``password_hash``, all of which are answered with ``False``: how long the
    answer takes does not tell who has an account. A stored hash that argon2 cannot read is
    answered with ``False`` too.

    Where the password is right and the stored hash was made with other parameters than
    today's, ``user.password_hash`` becomes a new hash of it. The caller commits.
    """
    if user is None or not user.active or user.password_hash is None:
        hash_password(password)  # takes as long as a verification
        return False
    try:
        hasher().verify(user.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    if hasher().check_needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    return True


def hasher() -> PasswordHasher:
    return PasswordHasher.from_parameters(current_app.config["PASSWORD_PARAMETERS"])
