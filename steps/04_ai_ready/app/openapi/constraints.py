"""Constraints: what the validators demand, said in the document's own words."""

from typing import Any

from marshmallow import fields


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
    # exercise 4.3 starts here: today the document says what apispec makes of them
