"""Users on the wire: an address that is always written in one way."""

from typing import Any

from marshmallow import Schema, fields, validate


class Address(fields.Email):
    """An e-mail address in small letters."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        tidy = value.strip().lower() if isinstance(value, str) else value
        text: str = super().deserialize(tidy, *args, **kwargs)
        return text


class UserSchema(Schema):
    """A user: what a client may send, and what it gets back."""

    id = fields.Int(dump_only=True)
    email = Address(required=True, validate=validate.Length(max=254))
    name = fields.Str(required=True, validate=validate.Length(1, 100))
    role = fields.Str(dump_only=True)
