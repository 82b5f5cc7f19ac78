"""For a page, what ``openapi-spec-validator`` has its settings from; the rest is machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def Field(default: Any, **limits: Any) -> Any:  # noqa: N802 - its name there
    """A field is its default: nobody sets anything else in a page."""
    return default


def field_validator(*fields: str, mode: str) -> Callable[[Any], Any]:
    """What would look at a setting; defaults are right."""
    return lambda function: function
