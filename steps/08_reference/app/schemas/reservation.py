"""Reservations on the wire."""

from flask_marshmallow.schema import Schema


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

    # exercise 8.4 adds the fields
