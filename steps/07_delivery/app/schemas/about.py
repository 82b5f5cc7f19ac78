"""What schemas say about their fields: written once, for people, programs and hints."""

from typing import Any

from marshmallow import Schema, fields


def about(description: str, example: Any) -> dict[str, Any]:
    """The ``metadata`` of a field: a sentence on it, and a value that it accepts."""
    return {"description": description, "examples": [example]}


def example_of(field: fields.Field[Any]) -> Any:
    """The example of a field; of a nested one, made of those within; ``None`` without one."""
    if isinstance(field, fields.Nested) and "examples" not in field.metadata:
        within = outgoing_example(field.schema)
        return [within] if field.many else within
    if isinstance(field, fields.List) and "examples" not in field.metadata:
        return [example_of(field.inner)]
    return next(iter(field.metadata.get("examples", [])), None)


def incoming_example(schema: Schema) -> dict[str, Any]:
    """What a client may send, put together from the examples of the fields."""
    return {name: example_of(field) for name, field in schema.load_fields.items()}


def outgoing_example(schema: Schema) -> dict[str, Any]:
    """What it gets back."""
    return {name: example_of(field) for name, field in schema.dump_fields.items()}


def choices_of(field: fields.Field[Any]) -> list[Any] | None:
    """The values that a field, or each item of a list, is limited to, if it is."""
    for validator in field.validators:
        choices = getattr(validator, "choices", None)
        if choices is not None:
            return list(choices)
    return None
