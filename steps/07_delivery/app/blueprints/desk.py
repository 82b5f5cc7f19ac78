"""The desk: pages for admins. They stand on the browser's session, not on a token."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth.browser import signed_in_user
from app.auth.guards import requires
from app.auth.principal import current_principal
from app.extensions import db
from app.models import User
from app.openapi.contracts import accepts, unlisted
from app.pages import page
from app.schemas.paging import PageQuery
from app.services import accounts

desk = Blueprint("desk", __name__)


@desk.get("/users")
@requires("admin")
@unlisted("a page for people")
@accepts(PageQuery(only=("page",)), "query")
def list_users(query: dict[str, Any]) -> ResponseReturnValue:
    everybody = select(User).order_by(User.name, User.id)
    users = db.paginate(everybody, page=query["page"], per_page=25, error_out=False)
    return page("desk.html", users=users, user=signed_in_user())


@desk.post("/users/<int:user_id>/deactivate")
@requires("admin")
@unlisted("a page for people")
def deactivate(user_id: int) -> ResponseReturnValue:
    user = accounts.deactivate(user_id, by=current_principal().subject)
    flash(f"{user.name} can no longer sign in.")
    return redirect(url_for("desk.list_users"), 303)
