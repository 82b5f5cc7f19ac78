"""Signing in and out in a browser."""

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, ValidationError

from app.auth.browser import sign_in as begin_session
from app.auth.browser import sign_out as end_session
from app.auth.browser import signed_in_user
from app.auth.errors import Unauthenticated
from app.auth.guards import public
from app.openapi.contracts import unlisted
from app.pages import page
from app.schemas.auth import LoginSchema
from app.services.accounts import authenticate

browser = Blueprint("session", __name__)


@browser.get("")
@public
@unlisted("a page for people")
def show_form() -> ResponseReturnValue:
    return page("session.html", user=signed_in_user())


@browser.post("")
@public
@unlisted("a page for people")
def sign_in() -> ResponseReturnValue:
    try:
        values = LoginSchema(unknown=EXCLUDE).load(request.form.to_dict())
        user = authenticate(values["email"], values["password"])
    except (ValidationError, Unauthenticated):
        return page("session.html", 401, user=None, failed=True)
    # From the session, not from the address: nobody sends people elsewhere with a link.
    target = session.pop("next", url_for("session.show_form"))
    begin_session(user)
    return redirect(target, 303)


@browser.post("/end")
@public
@unlisted("a page for people")
def sign_out() -> ResponseReturnValue:
    end_session()
    return redirect(url_for("session.show_form"), 303)
