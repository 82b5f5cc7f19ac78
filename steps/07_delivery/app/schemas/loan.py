"""Loans on the wire. Whatever the app answers fits what is said here."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate

from app.schemas.about import about
from app.schemas.book import BookSchema
from app.schemas.paging import per_page
from app.services.history import CURSOR
from app.services.loans import is_overdue

MOMENT = "2026-03-02T10:00:00+00:00"
DUE = "2026-03-23T10:00:00+00:00"


class LoanSchema(Schema):
    """A loan: what a client may send, and what it gets back. Moments are in UTC."""

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    copy_id = fields.Integer(
        required=True, strict=True, metadata=about("The copy that goes out.", 1)
    )
    user_id = fields.Integer(required=True, strict=True, metadata=about("Who takes it.", 1))
    book = fields.Nested(
        BookSchema(only=("id", "title")),
        attribute="copy.book",
        dump_only=True,
        metadata={"description": "What the copy is a copy of."},
    )
    borrowed_at = fields.AwareDateTime(dump_only=True, metadata=about("Since when.", MOMENT))
    due_at = fields.AwareDateTime(dump_only=True, metadata=about("Until when.", DUE))
    returned_at = fields.AwareDateTime(
        dump_only=True, allow_none=True, metadata=about("When it came back, null until then.", None)
    )
    renewals = fields.Integer(
        dump_only=True, metadata=about("How often it was made longer, twice at most.", 0)
    )
    overdue = fields.Function(
        is_overdue,
        metadata={
            **about("Whether it is still out and was due before now.", False),
            "type": "boolean",
        },
    )


class HistoryQuery(Schema):
    """Which stretch of the history."""

    after = fields.String(
        load_default=None,
        validate=validate.Regexp(CURSOR.pattern + r"\Z", error="is no cursor"),
        metadata=about("The cursor that the stretch before gave as next.", "1772445600000000-1"),
    )
    per_page = per_page()


class HistorySchema(Schema):
    """A stretch of the history."""

    items = fields.List(
        fields.Nested(LoanSchema), metadata={"description": "Loans, the latest first."}
    )
    next = fields.String(
        allow_none=True,
        metadata=about("Send it as after to read on; null at the end.", "1772445600000000-1"),
    )


class ReminderSchema(Schema):
    """Somebody who has overdue loans, with their number and when the oldest was due."""

    id = fields.Integer(metadata=about("The user.", 1))
    name = fields.String(metadata=about("Their name.", "Ada Lovelace"))
    email = fields.String(metadata=about("Where to write to.", "ada@example.org"))
    loans = fields.Integer(metadata=about("How many are overdue.", 1))
    due_at = fields.AwareDateTime(metadata=about("When the oldest was due.", DUE))


class OverdueSchema(Schema):
    """Everybody who has to be reminded."""

    items = fields.List(
        fields.Nested(ReminderSchema),
        metadata={"description": "Whoever has waited longest comes first."},
    )
