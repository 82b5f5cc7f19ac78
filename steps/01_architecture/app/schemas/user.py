"""Users on the wire."""

from flask_marshmallow.schema import Schema
from marshmallow import EXCLUDE, fields


class UserSchema(Schema):
    """A user: what a client may send, and what it gets back.

    ``email``
        An e-mail address of at most 254 characters, required. Outer spaces are dropped and
        the letters made small, so that one person does not sign up twice.
    ``name``
        Text of 1 to 100 characters, required.
    ``role``, ``id``
        Go out, never come in: nobody makes themselves a librarian.

    A field that is not named here is refused.
    """

    class Meta:
        unknown = EXCLUDE

    # Exercise 1.5, second half: today everything passes, in both directions.
    id = fields.Raw()
    email = fields.Raw(load_default="")
    name = fields.Raw(load_default="")
    role = fields.Raw(load_default="member")
