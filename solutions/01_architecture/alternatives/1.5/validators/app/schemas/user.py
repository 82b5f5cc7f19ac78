"""Users on the wire: the address is cleaned before it is looked at."""

import re
from typing import Any

from flask_marshmallow import Schema
from marshmallow import fields, post_load, validate

ADDRESS = r"(?=\s*\S{1,254}\s*$)\s*[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\s*$"


class UserSchema(Schema):
    """A user: what a client may send, and what it gets back."""

    class Meta:
        fields = ("id", "email", "name", "role")
        dump_only = ("id", "role")

    email = fields.String(required=True, validate=validate.Regexp(re.compile(ADDRESS)))
    name = fields.String(required=True, validate=[validate.Length(min=1, max=100)])
    id = fields.Integer()
    role = fields.String()

    @post_load
    def spell_in_one_way(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        data["email"] = str(data["email"]).strip().lower()
        return data
