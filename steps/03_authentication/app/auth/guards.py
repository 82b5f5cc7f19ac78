"""Guards: what a view demands, and whether this caller may have it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import request

from app.auth.principal import Principal, of_operator

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view as open to everybody, credentials or not. Stands below the route."""
    return view


def requires(*scopes: str) -> Callable[[View], View]:
    """Mark a view as open to callers who are granted all of ``scopes``.

    Stands below the route. ``@requires()`` demands valid credentials and nothing more.
    """

    def mark(view: View) -> View:
        return view  # exercise 3.4 starts here: today the words are there, and nobody reads them

    return mark


def check_access() -> None:
    """Decide on the current request, before its view runs. What nobody opened is shut.

    A view that is neither ``public`` nor ``requires`` anything is refused to everybody: with
    401 as below, or 403, code ``access_denied``. Flask's own ``static`` is public. A request
    that no view answers passes: an unknown address, a method that is not allowed, an
    ``OPTIONS`` that Flask answers by itself.

    Where scopes are required, ``current_principal()`` raises 401 for bad credentials, and a
    caller who is not ``granted`` all of them gets ``Forbidden``, code ``insufficient_scope``,
    with the required scopes.
    """
    if request.blueprint == "admin":  # as in step 1
        of_operator(request.headers.get("X-Admin-Key", ""))


def granted(principal: Principal) -> frozenset[str]:
    """The scopes that ``principal`` may use: those of the credential that the role has too.

    ``ROLE_SCOPES`` says what a role has; a role that is not in there has nothing. Who is no
    user (``user`` is ``None``) has no role: their scopes count as they are.
    """
    return principal.scopes


def limited_to() -> int | None:
    """Whose rows the caller may see and change: a user's id, or ``None`` for everybody's.

    Members are limited to their own. Librarians, admins, and whoever is no user, are not.
    """
    return None
