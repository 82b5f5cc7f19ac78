"""Loans on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields

from app.schemas.book import BookSchema
from app.services.loans import is_overdue


class LoanSchema(Schema):
    """A loan: what a client may send, and what it gets back. Moments are in UTC."""

    id = fields.Integer(dump_only=True)
    copy_id = fields.Integer(required=True, strict=True)
    user_id = fields.Integer(required=True, strict=True)
    book = fields.Nested(BookSchema(only=("id", "title")), attribute="copy.book", dump_only=True)
    borrowed_at = fields.AwareDateTime(dump_only=True)
    due_at = fields.AwareDateTime(dump_only=True)
    returned_at = fields.AwareDateTime(dump_only=True)
    renewals = fields.Integer(dump_only=True)
    overdue = fields.Function(is_overdue)


class ReminderSchema(Schema):
    """Somebody who has overdue loans, with their number and when the oldest was due."""

    id = fields.Integer()
    name = fields.String()
    email = fields.String()
    loans = fields.Integer()
    due_at = fields.AwareDateTime()
