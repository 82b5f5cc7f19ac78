"""Books on the wire."""

from typing import Any

from flask_marshmallow.schema import Schema
from marshmallow import ValidationError, fields, pre_load, validate, validates

from app.schemas.about import about
from app.schemas.author import AuthorSchema
from app.schemas.validators import Distinct, YearFrom

FIRST_PRINTED_YEAR = 1450

LOOKS_LIKE_ISBN13 = r"[ -]*9[ -]*7[ -]*[89]([ -]*[0-9]){10}[ -]*\Z"


class BookSchema(Schema):
    """A book: what a client may send, and what it gets back.

    ``title``
        Text of 1 to 200 characters, required. Spaces around it are dropped first.
    ``isbn13``
        Text, required. Hyphens (``-``) and spaces may separate the digits and are dropped;
        what is left is 13 digits, 0 to 9, that begin with 978 or 979, the last of them the
        check digit: the digits weighted 1, 3, 1, 3, … add up to a multiple of 10 (ISO 2108).
    ``published_year``
        A JSON integer from 1450 to next year, or ``null``; ``null`` when not sent.
        ``1999.0``, ``"1999"`` and ``true`` are refused.
    ``author_ids``
        The ids of 1 to 20 authors, JSON integers, in the order of the cover, each once,
        required. Comes in, never goes out.
    ``authors``, ``id``, ``version``
        Go out, never come in. Each author as ``{"id": …, "name": …}``.

    A field that is not named here is refused.

    The document has it all: each field has a description, and an example that loads
    (``about``), but ``authors``, whose example is made of its parts; and the rules are
    validators, which the document sees: that a title is more than spaces; what an ISBN looks
    like, with hyphens and spaces; the years, of which there is one more each year; how many
    authors, and each once. Only the check digit cannot be said in JSON Schema.
    """

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    title = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=200), validate.Regexp(r"[\s\S]*\S", error="is empty")],
        metadata=about("As it stands on the cover.", "Comet in Moominland"),
    )
    isbn13 = fields.String(
        required=True,
        validate=validate.Regexp(LOOKS_LIKE_ISBN13, error="is not an ISBN-13: 13 digits from 978"),
        metadata=about(
            "ISO 2108, the last digit checks the others. Hyphens and spaces may stand between.",
            "9780312608880",
        ),
    )
    published_year = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=YearFrom(FIRST_PRINTED_YEAR),
        metadata=about("The year on the imprint, null where there is none.", 1946),
    )
    author_ids = fields.List(
        fields.Integer(strict=True),
        required=True,
        load_only=True,
        validate=[validate.Length(min=1, max=20), Distinct()],
        metadata=about("Who wrote it, in the order of the cover: ids of authors.", [1]),
    )
    authors = fields.List(
        fields.Nested(AuthorSchema(only=("id", "name"))),
        dump_only=True,
        metadata={"description": "Who wrote it, in the order of the cover."},
    )
    version = fields.Integer(
        dump_only=True, metadata=about("One more with every change; send it with the next.", 1)
    )

    @pre_load
    def tidy(self, data: Any, **kwargs: Any) -> Any:
        """Drop what people type for their own eyes: outer spaces, hyphens in an ISBN."""
        if not isinstance(data, dict):
            return data
        tidied = dict(data)
        if isinstance(tidied.get("title"), str):
            tidied["title"] = tidied["title"].strip()
        if isinstance(tidied.get("isbn13"), str):
            tidied["isbn13"] = tidied["isbn13"].replace("-", "").replace(" ", "")
        return tidied

    @validates("isbn13")
    def check_isbn13(self, value: str, data_key: str) -> None:
        if not is_isbn13(value):
            raise ValidationError("is not an ISBN-13: check the digits, one may be mistyped")


class BookUpdateSchema(BookSchema):
    """A book that replaces one. ``version``: what the client has read, unless If-Match says it."""

    version = fields.Integer(
        strict=True,
        load_default=None,
        metadata=about("The version that you have read, unless If-Match says it.", 1),
    )


def is_isbn13(text: str) -> bool:
    """Whether ``text`` is 13 digits from 978 or 979 on with a fitting check digit (ISO 2108)."""
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return False
    if not text.startswith(("978", "979")):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(text))
    return total % 10 == 0
