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
    lows: list[tuple[Any, bool]] = []
    highs: list[tuple[Any, bool]] = []
    patterns: list[str] = []
    for validator in field.validators:
        match validator:
            case validate.Range(min=low, max=high):
                if low is not None:
                    lows.append((low, not validator.min_inclusive))
                if high is not None:
                    highs.append((high, bool(validator.max_inclusive)))
            case validate.ContainsOnly(choices=choices):
                shape.pop("enum", None)
                shape["items"] |= {"enum": list(choices)}
            case validate.ContainsNoneOf(iterable=never):
                shape["items"] |= {"not": {"enum": list(never)}}
            case validate.NoneOf(iterable=never):
                shape |= {"not": {"enum": list(never)}}
            case Distinct():
                shape |= {"uniqueItems": True}
            case validate.Regexp(regex=regex):
                patterns.append("^(?:" + "$".join(str(regex.pattern).split(r"\Z")) + ")")
    if lows and max(lows)[1] and "minimum" in shape:
        shape["exclusiveMinimum"] = shape.pop("minimum")
    if highs and not min(highs)[1] and "maximum" in shape:
        shape["exclusiveMaximum"] = shape.pop("maximum")
    for place, pattern in enumerate(patterns):
        if place == 0:
            shape["pattern"] = pattern
        else:
            shape.setdefault("allOf", []).append({"pattern": pattern})
