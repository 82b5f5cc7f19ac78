"""Constraints: what the validators demand, said in the document's own words."""

from collections.abc import Callable
from typing import Any

from marshmallow import fields, validate

from app.schemas.validators import Distinct

Shape = dict[str, Any]


def add_constraints(field: fields.Field[Any], shape: dict[str, Any]) -> None:
    """Put into ``shape`` what the validators of ``field`` demand. Changes ``shape`` in place.

    ``shape`` is the JSON Schema (draft 2020-12) that apispec made of ``field``: type, format,
    length, range, choices and pattern are in there, most of them right. Afterwards it and the
    validators agree about every value of the right type:

    ``Range`` whose end does not count
        ``exclusiveMinimum`` and ``exclusiveMaximum`` in place of ``minimum`` and ``maximum``. Of
        several, the strictest counts.
    ``Regexp``
        marshmallow looks at the beginning of the text, JSON Schema anywhere: every ``pattern``
        begins with ``^``, and whatever it held before stands behind that as a whole. What
        Python writes as ``\\Z`` is ``$`` there. Of several, each counts: the first as
        ``pattern``, the others under ``allOf``.
    ``ContainsOnly``, ``ContainsNoneOf``
        limit the items of a list, not the list: ``enum``, or ``not`` with an ``enum``, stands
        in ``items``.
    ``NoneOf``
        ``not``, with an ``enum``.
    ``Distinct``
        ``uniqueItems``.
    """
    for validator in field.validators:
        for kind in type(validator).__mro__:  # the nearest kind that the table knows
            if kind in TABLE:
                TABLE[kind](validator, shape)
                break


def set_ends(validator: validate.Range, shape: Shape) -> None:
    for word, end, counts in (
        ("minimum", validator.min, validator.min_inclusive),
        ("maximum", validator.max, validator.max_inclusive),
    ):
        if word in shape and shape[word] == end and not counts:
            del shape[word]
            shape["exclusive" + word.capitalize()] = end


def set_pattern(validator: validate.Regexp, shape: Shape) -> None:
    """The first replaces what apispec put there; the others come beside it."""
    written = str(validator.regex.pattern)
    said = "^(" + written.replace("\\Z", "$") + ")"
    if shape.get("pattern") in {written, None}:
        shape["pattern"] = said
    else:
        shape.setdefault("allOf", []).append({"pattern": said})


def set_choices(validator: validate.ContainsOnly, shape: Shape) -> None:
    del shape["enum"]
    shape["items"] = {**shape["items"], "enum": [*validator.choices]}


def forbid_items(validator: validate.ContainsNoneOf, shape: Shape) -> None:
    shape["items"] = {**shape["items"], "not": {"enum": [*validator.iterable]}}


def forbid(validator: validate.NoneOf, shape: Shape) -> None:
    shape["not"] = {"enum": [*validator.iterable]}


def set_unique(validator: Distinct, shape: Shape) -> None:
    shape["uniqueItems"] = True


TABLE: dict[type, Callable[[Any, Shape], None]] = {
    validate.Range: set_ends,
    validate.Regexp: set_pattern,
    validate.ContainsOnly: set_choices,
    validate.ContainsNoneOf: forbid_items,
    validate.NoneOf: forbid,
    Distinct: set_unique,
}
