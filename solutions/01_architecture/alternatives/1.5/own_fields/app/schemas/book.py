"""Books on the wire: fields that know how their values are written."""

import datetime
import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate


def strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class Title(fields.String):
    """Text without outer spaces; measured after they are gone."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super().deserialize(strip(value), *args, **kwargs)
        return text


class Isbn13(fields.String):
    """Thirteen digits, however they were spaced."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super().deserialize(value, *args, **kwargs)
        digits = re.sub("[- ]", "", text)
        if not re.fullmatch("97[89][0-9]{10}", digits):
            raise ValidationError("thirteen digits, please, that begin with 978 or 979")
        numbers = [int(digit) for digit in digits]
        if (sum(numbers[::2]) + 3 * sum(numbers[1::2])) % 10 != 0:
            raise ValidationError("the check digit does not fit")
        return digits


class Year(fields.Integer):
    """A year in which a book may have been printed."""

    def _validate(self, value: Any) -> None:
        super()._validate(value)
        if not 1450 <= value <= datetime.datetime.now(datetime.UTC).year + 1:
            raise ValidationError("no book was printed then")


class AuthorOfBook(Schema):
    """An author as a book shows one."""

    id = fields.Integer()
    name = fields.String()


def each_once(ids: list[int]) -> None:
    if len(ids) > len(frozenset(ids)):
        raise ValidationError("each author once")


class BookSchema(Schema):
    """A book: what a client may send, and what it gets back."""

    id = fields.Int(dump_only=True)
    title = Title(required=True, validate=validate.Length(1, 200))
    isbn13 = Isbn13(required=True)
    published_year = Year(strict=True, load_default=None, allow_none=True)
    author_ids = fields.List(
        fields.Int(strict=True),
        load_only=True,
        required=True,
        validate=[validate.Length(1, 20), each_once],
    )
    authors = fields.Nested(AuthorOfBook, many=True, dump_only=True)
