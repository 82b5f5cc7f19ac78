"""A document that is valid, and of no use; its example that is a lie."""

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

# section: document
shelf = {"type": "object", "properties": {"label": {"type": "string", "maxLength": 3}}}
media = {"schema": shelf, "example": {"label": "history"}}
operation = {
    "requestBody": {"content": {"application/json": media}},
    "responses": {"201": {"description": "Created"}},
}
document = {
    "openapi": "3.1.0",
    "info": {"title": "Shelves", "version": "1"},
    "paths": {"/shelves": {"post": operation}},
}
# end section: document

errors = list(OpenAPIV31SpecValidator(document).iter_errors())
print("the specification:", [error.message for error in errors] or "nothing to say")

lies = Draft202012Validator(shelf).iter_errors(media["example"])
print("its own example:  ", [error.message for error in lies])
