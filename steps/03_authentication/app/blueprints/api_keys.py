"""API keys: make one, see yours, rotate, remove."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth.errors import Forbidden
from app.auth.guards import granted, requires
from app.auth.principal import current_principal
from app.errors import NotFound
from app.models import ApiKey, User
from app.paging import paginated
from app.schemas.auth import ApiKeySchema
from app.services import api_keys as service
from app.services.lookup import get

api_keys = Blueprint("api_keys", __name__)


@api_keys.get("")
@requires("users:write")
def list_keys() -> ResponseReturnValue:
    own = select(ApiKey).where(ApiKey.user_id == owner().id)
    return paginated(own, ApiKeySchema(), sort_keys={"id", "name", "expires_at"})


@api_keys.post("")
@requires("users:write")
def add_key() -> ResponseReturnValue:
    values = ApiKeySchema().load(request.get_json())
    granted_here = granted(current_principal())
    key, secret = service.create_key(owner().id, values["name"], values["scopes"], granted_here)
    return shown_once(key, secret), 201


@api_keys.post("/<int:key_id>/rotate")
@requires("users:write")
def rotate_key(key_id: int) -> ResponseReturnValue:
    successor, secret = service.rotate_key(own_key(key_id), granted(current_principal()))
    return shown_once(successor, secret), 201


@api_keys.delete("/<int:key_id>")
@requires("users:write")
def remove_key(key_id: int) -> ResponseReturnValue:
    service.remove_key(own_key(key_id))
    return "", 204


def owner() -> User:
    """The caller, who is to be a user: a client that acts for itself owns no keys."""
    user = current_principal().user
    if user is None:
        raise Forbidden("not_a_user", "API keys belong to people: sign in as one")
    return user


def own_key(key_id: int) -> ApiKey:
    """One of the caller's own keys; those of others are not there."""
    key = get(ApiKey, key_id)
    if key.user_id != owner().id:
        raise NotFound(f"there is no apikey {key_id}")
    return key


def shown_once(key: ApiKey, secret: str) -> dict[str, Any]:
    shown: dict[str, Any] = ApiKeySchema().dump(key)
    return {**shown, "key": f"{key.prefix}.{secret}"}
