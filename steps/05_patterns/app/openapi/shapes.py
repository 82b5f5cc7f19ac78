"""Shapes: JSON Schema made from marshmallow, one for what comes in, one for what goes out."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import RAISE, Schema, fields

from app.links import relations_of
from app.openapi.constraints import add_constraints
from app.schemas.about import example_of, incoming_example
from app.schemas.paging import PageSchema

VERSION = "3.1.0"


class Converter(OpenAPIConverter):
    """apispec's, with a schema within another written out where it stands."""

    def __init__(self, spec: APISpec) -> None:
        super().__init__(VERSION, schema_name_resolver=lambda schema: None, spec=spec)
        self.add_attribute_function(constraints)  # type: ignore[no-untyped-call]
        self.add_attribute_function(own_description)  # type: ignore[no-untyped-call]

    def properties(self, among: Mapping[str, fields.Field[Any]]) -> dict[str, Any]:
        shape: dict[str, Any] = self.fields2jsonschema(among)  # type: ignore[no-untyped-call]
        return shape


class Incoming(Converter):
    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        instance: Schema = resolve_schema_instance(schema)
        shape = self.properties(instance.load_fields)
        if instance.unknown == RAISE:
            shape["additionalProperties"] = False
        return {**shape, "description": sentence(instance)}


class Outgoing(Converter):
    """Whatever goes out goes out whole: every field is required."""

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        instance: Schema = resolve_schema_instance(schema)
        shape = self.properties(instance.dump_fields)
        return {**shape, "required": list(shape["properties"]), "description": sentence(instance)}


class Shapes:
    """The schemas of the document, each put among the components when it is first asked for."""

    def __init__(self, spec: APISpec) -> None:
        self.spec = spec
        self.incoming, self.outgoing = Incoming(spec), Outgoing(spec)

    def body(self, schema: Schema) -> dict[str, Any]:
        """What a client sends: a media type object."""
        shape = self.component(name_of(schema) + "Input", self.incoming.schema2jsonschema(schema))
        return {"schema": shape, "example": incoming_example(schema)}

    def answer(self, schema: Schema) -> dict[str, Any]:
        """What it gets back: one."""
        shape = self.outgoing.schema2jsonschema(schema)
        relations = relations_of(schema)
        if relations:
            shape["properties"]["_links"] = links_to(relations)
            shape["required"].append("_links")
        return {"schema": self.component(name_of(schema), shape)}

    def page(self, schema: Schema) -> dict[str, Any]:
        """What it gets back: a page of them."""
        item = self.answer(schema)["schema"]
        page = self.outgoing.schema2jsonschema(PageSchema)
        items = {"type": "array", "items": item, "description": "What is on this page."}
        page["properties"] = {"items": items, **page["properties"]}
        page["required"].insert(0, "items")
        return {"schema": self.component(name_of(schema) + "Page", page)}

    def parameters(self, schema: Schema) -> list[dict[str, Any]]:
        """What stands in the query string: parameter objects."""
        return [self.parameter(name, field) for name, field in schema.load_fields.items()]

    def parameter(self, name: str, field: fields.Field[Any]) -> dict[str, Any]:
        shape = self.incoming.field2property(field)
        parameter = {
            "name": name,
            "in": "query",
            "description": shape.pop("description", ""),
            "required": field.required,
            "schema": shape,
            "example": example_of(field),
        }
        return parameter | ({"style": "form", "explode": False} if "items" in shape else {})

    def component(self, name: str, shape: dict[str, Any]) -> dict[str, Any]:
        if name not in self.spec.components.schemas:
            self.spec.components.schema(name, shape)
        return {"$ref": f"#/components/schemas/{name}"}


def links_to(relations: list[str]) -> dict[str, Any]:
    path = {"type": "string", "description": "A path on this host."}
    link = {"type": "object", "properties": {"href": path}, "required": ["href"]}
    return {
        "type": "object",
        "description": "Where to go from here.",
        "properties": {name: {**link, "description": f"To its {name}."} for name in relations},
        "required": relations,
    }


def constraints(
    converter: OpenAPIConverter, field: fields.Field[Any], ret: dict[str, Any]
) -> dict[str, Any]:
    """One of apispec's attribute functions."""
    add_constraints(field, ret)
    return {}


def own_description(
    converter: OpenAPIConverter, field: fields.Field[Any], ret: dict[str, Any]
) -> dict[str, Any]:
    """Another one: a field's own description counts, and not that of the schema within it."""
    description = field.metadata.get("description")
    return {} if description is None else {"description": description}


def name_of(schema: Schema) -> str:
    return type(schema).__name__.removesuffix("Schema")


def sentence(schema: Schema) -> str:
    """The first one of the docstring."""
    return (type(schema).__doc__ or name_of(schema)).strip().split("\n")[0]
