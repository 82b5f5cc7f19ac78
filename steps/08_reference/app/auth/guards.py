"""Guards: what a view demands, and whether this caller may have it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.routing import Rule

from app.auth.errors import Forbidden
from app.auth.principal import Principal, current_principal
from app.auth.scopes import ROLE_SCOPES
from app.stack import add_layer

View = TypeVar("View", bound=Callable[..., Any])

RULE = "access_rule"
PUBLIC = "public"
STATIC = "static"


def public(view: View) -> View:
    """Mark a view as open to everybody, credentials or not. Stands below the route."""
    setattr(view, RULE, PUBLIC)
    add_layer(view, "permissions")
    return view


def requires(*scopes: str) -> Callable[[View], View]:
    """Mark a view as open to callers who are granted all of ``scopes``.

    Stands below the route. ``@requires()`` demands valid credentials and nothing more.
    """

    def mark(view: View) -> View:
        setattr(view, RULE, frozenset(scopes))
        add_layer(view, "permissions")
        return view

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
    rule = request.url_rule
    if rule is None or rule.endpoint == STATIC:
        return
    if request.method == "OPTIONS" and answered_by_flask(rule):
        return
    needed = getattr(current_app.view_functions[rule.endpoint], RULE, None)
    if needed == PUBLIC:
        return
    principal = current_principal()
    if needed is None:
        raise Forbidden("access_denied", "nobody has said who may use this")
    missing = needed - granted(principal)
    if missing:
        raise Forbidden("insufficient_scope", f"this needs: {', '.join(sorted(missing))}", needed)


def answered_by_flask(rule: Rule) -> bool:
    """Whether ``OPTIONS`` gets the answer that Flask makes up by itself."""
    return bool(getattr(rule, "provide_automatic_options", False))


def granted(principal: Principal) -> frozenset[str]:
    """The scopes that ``principal`` may use: those of the credential that the role has too.

    ``ROLE_SCOPES`` says what a role has; a role that is not in there has nothing. Who is no
    user has no role: their scopes count as they are.
    """
    if principal.role is None:
        return principal.scopes
    return principal.scopes & ROLE_SCOPES.get(principal.role, frozenset())


def limited_to() -> int | None:
    """Whose rows the caller may see and change: a user's id, or ``None`` for everybody's.

    Members are limited to their own. Librarians, admins, and whoever is no user, are not.
    """
    principal = current_principal()
    return int(principal.subject) if principal.role == "member" else None
