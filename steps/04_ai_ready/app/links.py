"""Links: where a client can go from what it has just read."""

from typing import Any

from marshmallow import Schema


def relations_of(schema: Schema) -> list[str]:
    """The relations that ``with_links`` adds for ``schema``; the document lists them."""
    return []  # exercise 4.5 starts here


def with_links(schema: Schema, body: dict[str, Any]) -> dict[str, Any]:
    """``body``, as ``schema`` dumped it, with ``_links`` where the schema has relations.

    ``_links`` is ``{relation: {"href": path}}``, a path being what follows the host. All have
    ``self``; a book also ``copies``; a copy ``book``; a loan ``copy`` and ``user``. These have
    relations: ``BookSchema``, ``AuthorSchema``, ``CopySchema``, ``LoanSchema`` and
    ``UserSchema`` themselves, and no other schema, nor one made from them.

    Whoever begins at the index and follows links, those of the answers and of the header
    ``Link``, gets to every GET of the document.
    """
    return body
