"""Copies on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate

from app.schemas.about import about


class CopySchema(Schema):
    """A copy: what a client may send, and what it gets back."""

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    book_id = fields.Integer(dump_only=True, metadata=about("Which book it is a copy of.", 1))
    barcode = fields.String(
        required=True,
        validate=validate.Regexp(r"[0-9A-Z-]{1,32}\Z"),
        metadata=about("On the back of the copy; no two have the same.", "LIB-000001"),
    )
    condition = fields.String(
        load_default="good",
        validate=validate.OneOf(["new", "good", "worn"]),
        metadata=about("How much it has been through.", "good"),
    )
    on_loan = fields.Boolean(dump_only=True, metadata=about("Whether it is out just now.", False))
