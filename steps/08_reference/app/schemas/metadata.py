"""What others know about a book, on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields

from app.schemas.about import about


class MetadataSchema(Schema):
    """Goes out, never comes in. Where nobody could be asked, ``available`` is false."""

    available = fields.Boolean(
        dump_only=True, metadata=about("Whether somebody could be asked just now.", True)
    )
    publisher = fields.String(
        dump_only=True,
        allow_none=True,
        metadata=about("Who has published it, null where nobody knows.", "Puffin Books"),
    )
    pages = fields.Integer(
        dump_only=True,
        allow_none=True,
        metadata=about("How many pages it has, null where nobody knows.", 192),
    )
