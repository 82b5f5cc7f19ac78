"""Credentials on the wire: they come in, and never go out."""

from typing import Any

from flask_marshmallow.schema import Schema
from marshmallow import ValidationError, fields, pre_load, validate, validates

from app.auth.scopes import SCOPES

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128

new_password = validate.Length(min=SHORTEST_PASSWORD, max=LONGEST_PASSWORD)


class LoginSchema(Schema):
    """``scope`` narrows what the token is good for; all that the role has, when not sent."""

    email = fields.String(required=True, validate=validate.Length(max=254))
    password = fields.String(required=True, validate=validate.Length(max=LONGEST_PASSWORD))
    scope = fields.String(load_default=None, validate=validate.Length(max=200))

    @pre_load
    def tidy(self, data: Any, **kwargs: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("email"), str):
            return data
        return {**data, "email": data["email"].strip().lower()}


class RefreshSchema(Schema):
    refresh_token = fields.String(required=True, validate=validate.Length(max=200))


class PasswordSchema(Schema):
    current_password = fields.String(required=True, validate=validate.Length(max=LONGEST_PASSWORD))
    new_password = fields.String(required=True, validate=new_password)


class ApiKeySchema(Schema):
    """An API key. What it is worth goes out once, beside these, with the answer that made it."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    scopes = fields.List(
        fields.String(), required=True, load_only=True, validate=validate.Length(min=1)
    )
    prefix = fields.String(dump_only=True)
    scope = fields.String(dump_only=True)
    expires_at = fields.AwareDateTime(dump_only=True)

    @validates("scopes")
    def check_scopes(self, value: list[str], data_key: str) -> None:
        unknown = [scope for scope in value if scope not in SCOPES]
        if unknown:
            raise ValidationError(
                f"has no scope named {unknown[0]}: choose from {', '.join(SCOPES)}"
            )
