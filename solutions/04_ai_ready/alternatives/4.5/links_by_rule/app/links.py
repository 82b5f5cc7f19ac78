"""Links: where a client can go from what it has just read."""

from typing import Any

from flask import url_for
from marshmallow import Schema

from app.schemas.author import AuthorSchema
from app.schemas.book import BookSchema
from app.schemas.copy import CopySchema
from app.schemas.loan import LoanSchema
from app.schemas.user import UserSchema


def relations_of(schema: Schema) -> list[str]:
    """The relations that ``with_links`` adds for ``schema``; the document lists them."""
    kind = type(schema)
    if kind is BookSchema:
        return ["self", "copies"]
    if kind is CopySchema:
        return ["self", "book"]
    if kind is LoanSchema:
        return ["self", "copy", "user"]
    return ["self"] if kind in {AuthorSchema, UserSchema} else []


def with_links(schema: Schema, body: dict[str, Any]) -> dict[str, Any]:
    """``body``, as ``schema`` dumped it, with ``_links`` where the schema has relations.

    ``_links`` is ``{relation: {"href": path}}``, a path being what follows the host. All have
    ``self``; a book also ``copies``; a copy ``book``; a loan ``copy`` and ``user``. These have
    relations: ``BookSchema``, ``AuthorSchema``, ``CopySchema``, ``LoanSchema`` and
    ``UserSchema`` themselves, and no other schema, nor one made from them.

    Whoever begins at the index and follows links, those of the answers and of the header
    ``Link``, gets to every GET of the document.
    """
    linked = dict(body)
    for relation in relations_of(schema):
        place = linked.setdefault("_links", {})
        place[relation] = {"href": target(schema, relation, body)}
    return linked


def target(schema: Schema, relation: str, body: dict[str, Any]) -> str:
    own = type(schema).__name__.removesuffix("Schema").lower()
    if relation == "copies":
        return url_for("copies.list_copies", book_id=body["id"])
    name, key = (own, "id") if relation == "self" else (relation, f"{relation}_id")
    domain = "copies" if name == "copy" else f"{name}s"
    values: dict[str, Any] = {f"{name}_id": body[key]}
    return url_for(f"{domain}.get_{name}", **values)
