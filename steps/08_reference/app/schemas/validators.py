"""Validators that marshmallow does not have."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.validate import Validator


class Distinct(Validator):
    """No item of a list stands there twice."""

    def __call__(self, value: list[Any]) -> list[Any]:
        if any(item in value[:place] for place, item in enumerate(value)):
            raise ValidationError("names one twice")
        return value


class YearFrom(Validator):
    """A year from ``min`` to the next one, which is another one every year."""

    def __init__(self, first: int) -> None:
        self.min = first

    @property
    def max(self) -> int:
        return datetime.now(UTC).year + 1

    def __call__(self, value: int) -> int:
        if not self.min <= value <= self.max:
            raise ValidationError(f"must be a year from {self.min} to {self.max}")
        return value
