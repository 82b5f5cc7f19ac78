"""People in a browser: a session in a cookie, and forms that nobody else can send."""

from flask import Flask, session

from app.extensions import db
from app.models import User


def init_browser(app: Flask) -> None:
    """Set up the session cookie of ``app``, and the protection of its forms.

    The cookie
        is ``HttpOnly`` (no script reads it), ``Secure`` (it travels over TLS only),
        ``SameSite=Lax`` (another site's form does not bring it along), for this host and the
        path ``/``: its name, ``__Host-session``, makes the browser insist. It is good for
        eight hours.
    Forms
        Every request to the blueprints ``session`` and ``desk``, and to the endpoint
        ``oauth.authorize``, that changes something must carry the token that the page's form
        was made with (``csrf`` of Flask-WTF): else 400. The rest of the API takes no cookies
        and needs no such token.
    """


def sign_in(user: User) -> None:
    """Begin a session for ``user`` in the current browser.

    Whatever the session held is dropped first. What it holds then is the id of a new family
    (``sessions.begin``, without a scope), so that the session can be ended from our side too.
    """
    session["user_id"] = user.id  # exercise 3.7 starts here: it works, and cannot be ended


def sign_out() -> None:
    """End the session, here and in every copy of the cookie that somebody made."""
    session.clear()


def signed_in_user() -> User | None:
    """Who is signed in in the current browser.

    ``None`` where nobody is, where the family was revoked, and where the user is not active.
    """
    user_id = session.get("user_id")
    return None if user_id is None else db.session.get(User, user_id)
