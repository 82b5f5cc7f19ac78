"""Users: list, add, read."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import Conflict, NotFound
from app.extensions import store
from app.paging import paginated
from app.schemas.user import UserSchema
from app.store import User

users = Blueprint("users", __name__)


@users.get("")
def list_users() -> ResponseReturnValue:
    return paginated(store.users, UserSchema(), sort_keys={"id", "email", "name"})


@users.post("")
def add_user() -> ResponseReturnValue:
    user = User(**UserSchema().load(request.get_json()))
    if any(known.email == user.email for known in store.users):
        raise Conflict("email_taken", f"somebody has the address {user.email} already")
    store.users.add(user)
    location = url_for("users.get_user", user_id=user.id)
    return jsonify(UserSchema().dump(user)), 201, {"Location": location}


@users.get("/<int:user_id>")
def get_user(user_id: int) -> ResponseReturnValue:
    user = store.users.get(user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    return jsonify(UserSchema().dump(user))
