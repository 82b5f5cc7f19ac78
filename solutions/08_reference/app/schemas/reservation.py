"""Reservations on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import fields, validate

from app.models.reservation import STATUSES
from app.schemas.about import about
from app.schemas.book import BookSchema


class ReservationSchema(Schema):
    """A reservation: what a client may send, and what it gets back. Moments are in UTC.

    ``book_id``, ``user_id``
        JSON integers, required: what is waited for, and who waits.
    ``id``, ``status``, ``created_at``, ``ready_until``, ``book``
        Go out, never come in. ``status`` is one of ``STATUSES`` of the model, and the document
        lists them; ``ready_until`` is ``null`` until a copy is held; the book is
        ``{"id": …, "title": …}``.

    A field that is not named here is refused. Each has a description, and all but ``book`` an
    example (``about``).
    """

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    book_id = fields.Integer(
        required=True, strict=True, metadata=about("The book that is waited for.", 1)
    )
    user_id = fields.Integer(required=True, strict=True, metadata=about("Who waits.", 1))
    book = fields.Nested(
        BookSchema(only=("id", "title")),
        dump_only=True,
        metadata={"description": "The book, by its title."},
    )
    status = fields.String(
        dump_only=True,
        validate=validate.OneOf(STATUSES),
        metadata=about("Waiting, ready to be fetched, or how it ended.", "waiting"),
    )
    created_at = fields.AwareDateTime(
        dump_only=True, metadata=about("Since when.", "2026-03-02T10:00:00+00:00")
    )
    ready_until = fields.AwareDateTime(
        dump_only=True,
        allow_none=True,
        metadata=about("Until when a copy is held, null until one is.", None),
    )
