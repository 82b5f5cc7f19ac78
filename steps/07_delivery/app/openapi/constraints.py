"""Constraints: what the validators demand, said in the document's own words."""

from typing import Any

from marshmallow import fields, validate

from app.schemas.validators import Distinct


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
        if isinstance(validator, validate.Range):
            exclude_ends(validator, shape)
        elif isinstance(validator, validate.ContainsOnly):
            shape.pop("enum", None)
            shape["items"]["enum"] = list(validator.choices)
        elif isinstance(validator, validate.ContainsNoneOf):  # a NoneOf, by inheritance
            shape["items"]["not"] = {"enum": list(validator.iterable)}
        elif isinstance(validator, validate.NoneOf):
            shape["not"] = {"enum": list(validator.iterable)}
        elif isinstance(validator, Distinct):
            shape["uniqueItems"] = True
    patterns = [pattern_of(one) for one in field.validators if isinstance(one, validate.Regexp)]
    if patterns:
        shape["pattern"] = patterns[0]
    if patterns[1:]:
        shape["allOf"] = [{"pattern": pattern} for pattern in patterns[1:]]


def exclude_ends(validator: validate.Range, shape: dict[str, Any]) -> None:
    """The end that is in ``shape`` is the strictest: perhaps another validator's."""
    least, most = shape.get("minimum"), shape.get("maximum")
    if least is not None and least == validator.min and not validator.min_inclusive:
        shape["exclusiveMinimum"] = shape.pop("minimum")
    if most is not None and most == validator.max and not validator.max_inclusive:
        shape["exclusiveMaximum"] = shape.pop("maximum")


def pattern_of(validator: validate.Regexp) -> str:
    pattern = str(validator.regex.pattern).replace(r"\Z", "$")
    return f"^(?:{pattern})"
