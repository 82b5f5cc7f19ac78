"""Copies on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate


class CopySchema(Schema):
    """A copy: what a client may send, and what it gets back."""

    id = fields.Integer(dump_only=True)
    book_id = fields.Integer(dump_only=True)
    barcode = fields.String(required=True, validate=validate.Regexp("[0-9A-Z-]{1,32}\\Z"))
    condition = fields.String(load_default="good", validate=validate.OneOf(["new", "good", "worn"]))
    on_loan = fields.Boolean(dump_only=True)
