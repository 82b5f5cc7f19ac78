"""Users on the wire."""

from typing import Any

from flask_marshmallow.schema import Schema
from marshmallow import fields, pre_load, validate

from app.schemas.about import about
from app.schemas.auth import new_password


class UserSchema(Schema):
    """A user: what a client may send, and what it gets back.

    ``email``
        An e-mail address of at most 254 characters, required. Outer spaces are dropped and
        the letters made small, so that one person does not sign up twice.
    ``name``
        Text of 1 to 100 characters, required.
    ``password``
        Text of 12 to 128 characters. Comes in, never goes out; without one, the user cannot sign
        in.
    ``role``, ``id``
        Go out, never come in: nobody makes themselves a librarian.

    A field that is not named here is refused.
    """

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    email = fields.Email(
        required=True,
        validate=validate.Length(max=254),
        metadata=about("Where to write to. In small letters, once stored.", "ada@example.org"),
    )
    name = fields.String(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata=about("What to call them.", "Ada Lovelace"),
    )
    password = fields.String(
        load_only=True,
        validate=new_password,
        metadata=about("Without one they cannot sign in.", "correct horse battery"),
    )
    role = fields.String(
        dump_only=True,
        validate=validate.OneOf(["member", "librarian", "admin"]),
        metadata=about("What they may do at most.", "member"),
    )

    @pre_load
    def tidy(self, data: Any, **kwargs: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("email"), str):
            return data
        return {**data, "email": data["email"].strip().lower()}
