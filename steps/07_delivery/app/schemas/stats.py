"""Numbers on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields

from app.schemas.about import about


class StatsSchema(Schema):
    """How much there is, and what was asked since the start."""

    authors = fields.Integer(metadata=about("Authors.", 20))
    books = fields.Integer(metadata=about("Books.", 60))
    copies = fields.Integer(metadata=about("Copies.", 120))
    loans = fields.Integer(metadata=about("Loans, open or not.", 40))
    users = fields.Integer(metadata=about("Users.", 12))
    requests = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=about("Requests since the start, by endpoint.", {"books.list_books": 7}),
    )
