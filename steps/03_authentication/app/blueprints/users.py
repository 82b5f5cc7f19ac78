"""Users: list, add, read; and oneself."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth.guards import requires
from app.auth.principal import current_principal
from app.errors import NotFound
from app.models import User
from app.paging import paginated
from app.schemas.auth import PasswordSchema
from app.schemas.user import UserSchema
from app.services import accounts
from app.services import users as service

users = Blueprint("users", __name__)


@users.get("")
@requires("users:read")
def list_users() -> ResponseReturnValue:
    return paginated(select(User), UserSchema(), sort_keys={"id", "email", "name"})


@users.post("")
@requires("users:write")
def add_user() -> ResponseReturnValue:
    user = service.add_user(UserSchema().load(request.get_json()))
    location = url_for("users.get_user", user_id=user.id)
    return jsonify(UserSchema().dump(user)), 201, {"Location": location}


@users.get("/<int:user_id>")
@requires("users:read")
def get_user(user_id: int) -> ResponseReturnValue:
    return jsonify(UserSchema().dump(service.get_user(user_id)))


@users.get("/me")
@requires()
def get_myself() -> ResponseReturnValue:
    return jsonify(UserSchema().dump(myself()))


@users.put("/me/password")
@requires()
def change_my_password() -> ResponseReturnValue:
    values = PasswordSchema().load(request.get_json())
    accounts.change_password(myself(), values["current_password"], values["new_password"])
    return "", 204


def myself() -> User:
    user = current_principal().user
    if user is None:
        raise NotFound("a client that acts for itself is no user")
    return user
