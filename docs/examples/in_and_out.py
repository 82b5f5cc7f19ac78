"""One schema for both directions: what may come in, what goes out."""

from marshmallow import Schema, ValidationError, fields, validate


class CardSchema(Schema):
    number = fields.Integer(dump_only=True)
    holder = fields.String(required=True, validate=validate.Length(min=1))
    pin = fields.String(required=True, load_only=True)


card = {"number": 7, "holder": "Ada", "pin": "1815"}
print("dump:", CardSchema().dump(card))
print("load:", CardSchema().load({"holder": "Grace", "pin": "1906"}))
try:
    CardSchema().load(card | {"holder": ""})
except ValidationError as error:
    print("refused:", error.messages)
