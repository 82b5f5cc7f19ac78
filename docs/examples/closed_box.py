"""Two ways to refuse a year, and what a document can see of them."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, ValidationError, fields, validate, validates


# section: schemas
class ByMethod(Schema):
    year = fields.Integer()

    @validates("year")
    def check(self, value: int, data_key: str) -> None:
        if value < 1450:
            raise ValidationError("is before the printing press")


class ByValidator(Schema):
    year = fields.Integer(validate=validate.Range(min=1450))


# end section: schemas


def properties(schema: type[Schema]) -> Any:
    spec = APISpec("Years", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Year", schema=schema)
    return spec.to_dict()["components"]["schemas"]["Year"]["properties"]["year"]


for schema in (ByMethod, ByValidator):
    print(f"{schema.__name__:<12} refuses 1066: {'year' in schema().validate({'year': 1066})}")
    print(f"{'':<12} says: {properties(schema)}")
