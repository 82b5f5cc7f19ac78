"""Authors on the wire. Solved already: read it before you write the others."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate


class AuthorSchema(Schema):
    """An author: what a client may send, and what it gets back.

    A ``dump_only`` field goes out and is refused on the way in. Unknown fields are refused
    too: that is marshmallow's default, and a typo in a field's name is better found than lost.
    """

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    birth_year = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(min=1, max=2100)
    )
