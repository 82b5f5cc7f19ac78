"""API keys: make one, see yours, rotate, remove."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from app.auth.errors import Forbidden
from app.auth.guards import granted, requires
from app.auth.principal import current_principal
from app.errors import NotFound
from app.models import ApiKey, User
from app.openapi.contracts import accepts, answers
from app.paging import pages
from app.schemas.auth import ApiKeySchema, NewApiKeySchema
from app.services import api_keys as service
from app.services.lookup import get

api_keys = Blueprint("api_keys", __name__)

NO_PERSON = {403: ["not_a_user"]}
NOT_YOURS_TO_GIVE = {403: ["not_a_user", "scope_not_granted"]}


@api_keys.get("")
@requires("users:write")
@pages(ApiKeySchema(), sort=["id", "name", "expires_at"], errors=NO_PERSON)
def list_keys() -> Select[ApiKey]:
    """List your API keys."""
    return select(ApiKey).where(ApiKey.user_id == owner().id)


@api_keys.post("")
@requires("users:write")
@accepts(ApiKeySchema())
@answers(NewApiKeySchema(), 201, errors=NOT_YOURS_TO_GIVE)
def add_key(values: dict[str, Any]) -> dict[str, Any]:
    """Make an API key, good for 90 days.

    The answer is the only one that shows what it is worth. Nobody gives more than they have.
    """
    granted_here = granted(current_principal())
    key, secret = service.create_key(owner().id, values["name"], values["scopes"], granted_here)
    return shown_once(key, secret)


@api_keys.post("/<int:key_id>/rotate")
@requires("users:write")
@answers(NewApiKeySchema(), 201, errors=NOT_YOURS_TO_GIVE)
def rotate_key(key_id: int) -> dict[str, Any]:
    """Put a new API key in the place of one.

    The old one works for a day more, so that callers can change over one by one.
    """
    successor, secret = service.rotate_key(own_key(key_id), granted(current_principal()))
    return shown_once(successor, secret)


@api_keys.delete("/<int:key_id>")
@requires("users:write")
@answers(None, 204, errors=NO_PERSON)
def remove_key(key_id: int) -> None:
    """Remove an API key, at once."""
    service.remove_key(own_key(key_id))


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
    shown = {name: getattr(key, name) for name in ApiKeySchema().dump_fields}
    return {**shown, "key": f"{key.prefix}.{secret}"}
