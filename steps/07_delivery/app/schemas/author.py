"""Authors on the wire: each field with what it means, and a value that it accepts."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate

from app.schemas.about import about


class AuthorSchema(Schema):
    """An author: what a client may send, and what it gets back.

    A ``dump_only`` field goes out and is refused on the way in. Unknown fields are refused
    too: that is marshmallow's default, and a typo in a field's name is better found than lost.
    """

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    name = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata=about("As it stands on the cover.", "Tove Jansson"),
    )
    birth_year = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(min=1, max=2100),
        metadata=about("The year of birth, null where nobody knows it.", 1914),
    )
