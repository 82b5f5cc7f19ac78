"""People in a browser: a session in a cookie, and forms that nobody else can send."""

from datetime import UTC, datetime, timedelta

from flask import Flask, request, session
from sqlalchemy import exists, select

from app.extensions import csrf, db
from app.models import RefreshSession, User
from app.services import sessions

FAMILY = "family"
COOKIE_PAGES = {"session", "desk"}
CONSENT = "oauth.authorize"


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
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=8),
    )
    app.before_request(refuse_forged_forms)


def sign_in(user: User) -> None:
    """Begin a session for ``user`` in the current browser.

    Whatever the session held is dropped first. What it holds then is the id of a new family
    (``sessions.begin``, without a scope), so that the session can be ended from our side too.
    """
    session.clear()
    session[FAMILY] = sessions.begin(user.id, "", None).family_id


def sign_out() -> None:
    """End the session, here and in every copy of the cookie that somebody made."""
    if FAMILY in session:
        sessions.end_family(session[FAMILY])
    session.clear()


def signed_in_user() -> User | None:
    """Who is signed in in the current browser.

    ``None`` where nobody is, where the family was revoked, and where the user is not active.
    """
    family = RefreshSession.family_id == session.get(FAMILY)
    alive = RefreshSession.revoked_at.is_(None), RefreshSession.expires_at > datetime.now(UTC)
    ours = exists().where(family, *alive, RefreshSession.user_id == User.id)
    return db.session.scalar(select(User).where(ours, User.active))


def refuse_forged_forms() -> None:
    if request.blueprint in COOKIE_PAGES or request.endpoint == CONSENT:
        csrf.protect()
