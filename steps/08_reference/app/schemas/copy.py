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


class BulkSchema(Schema):
    """Several copies of one book, each as it is sent for one."""

    items = fields.List(
        fields.Dict(),
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata=about(
            "From 1 to 100, each with what one copy has.",
            [{"barcode": "LIB-000001", "condition": "new"}, {"barcode": "LIB-000002"}],
        ),
    )


class RefusalSchema(Schema):
    """Why one could not be added: the envelope of every error."""

    code = fields.String(metadata=about("A stable word for programs.", "barcode_taken"))
    message = fields.String(metadata=about("What went wrong, for people.", "a copy has it already"))
    details = fields.List(
        fields.Dict(), metadata=about("What is wrong in particular; often nothing.", [])
    )


class OutcomeSchema(Schema):
    """What became of one of them."""

    outcome = fields.String(
        validate=validate.OneOf(["created", "unchanged", "refused"]),
        metadata=about("Added, there before, or neither.", "created"),
    )
    copy = fields.Nested(
        CopySchema, allow_none=True, metadata={"description": "As it is now; null where refused."}
    )
    error = fields.Nested(
        RefusalSchema, allow_none=True, metadata=about("Why it was refused, else null.", None)
    )


class BulkOutcomeSchema(Schema):
    """What became of each, in the order in which they came."""

    items = fields.List(
        fields.Nested(OutcomeSchema), metadata={"description": "One for each that was sent."}
    )
