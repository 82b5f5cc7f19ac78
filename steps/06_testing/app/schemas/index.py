"""The index on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields

from app.schemas.about import about


class LinkSchema(Schema):
    """Where to go."""

    href = fields.String(metadata=about("A path on this host.", "/api/v1/books"))


class IndexSchema(Schema):
    """Where a client begins."""

    _links = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(LinkSchema),
        metadata=about("Each relation, and where it leads.", {"self": {"href": "/api/v1/"}}),
    )
