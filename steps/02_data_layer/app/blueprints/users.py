"""Users: list, add, read."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.models import User
from app.paging import paginated
from app.schemas.user import UserSchema
from app.services import users as service

users = Blueprint("users", __name__)


@users.get("")
def list_users() -> ResponseReturnValue:
    return paginated(select(User), UserSchema(), sort_keys={"id", "email", "name"})


@users.post("")
def add_user() -> ResponseReturnValue:
    user = service.add_user(UserSchema().load(request.get_json()))
    location = url_for("users.get_user", user_id=user.id)
    return jsonify(UserSchema().dump(user)), 201, {"Location": location}


@users.get("/<int:user_id>")
def get_user(user_id: int) -> ResponseReturnValue:
    return jsonify(UserSchema().dump(service.get_user(user_id)))
