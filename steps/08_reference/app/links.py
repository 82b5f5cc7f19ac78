"""Links: where a client can go from what it has just read."""

from typing import Any

from flask import url_for
from marshmallow import Schema

from app.schemas.author import AuthorSchema
from app.schemas.book import BookSchema
from app.schemas.copy import CopySchema
from app.schemas.loan import LoanSchema
from app.schemas.reservation import ReservationSchema
from app.schemas.user import UserSchema

RELATIONS: dict[type[Schema], dict[str, tuple[str, dict[str, str]]]] = {
    BookSchema: {
        "self": ("books.get_book", {"book_id": "id"}),
        "copies": ("copies.list_copies", {"book_id": "id"}),
        "metadata": ("books.read_metadata", {"book_id": "id"}),
    },
    AuthorSchema: {"self": ("authors.get_author", {"author_id": "id"})},
    CopySchema: {
        "self": ("copies.get_copy", {"copy_id": "id"}),
        "book": ("books.get_book", {"book_id": "book_id"}),
    },
    LoanSchema: {
        "self": ("loans.get_loan", {"loan_id": "id"}),
        "copy": ("copies.get_copy", {"copy_id": "copy_id"}),
        "user": ("users.get_user", {"user_id": "user_id"}),
    },
    ReservationSchema: {
        "self": ("reservations.get_reservation", {"reservation_id": "id"}),
        "book": ("books.get_book", {"book_id": "book_id"}),
        "user": ("users.get_user", {"user_id": "user_id"}),
    },
    UserSchema: {
        "self": ("users.get_user", {"user_id": "id"}),
        "loans": ("users.list_loans_of", {"user_id": "id"}),
    },
}
"""For each schema: the relation, the endpoint, and which field fills which argument of it."""


def relations_of(schema: Schema) -> list[str]:
    """The relations that ``with_links`` adds for ``schema``; the document lists them."""
    return list(RELATIONS.get(type(schema), {}))


def with_links(schema: Schema, body: dict[str, Any]) -> dict[str, Any]:
    """``body``, as ``schema`` dumped it, with ``_links`` where the schema has relations.

    ``_links`` is ``{relation: {"href": path}}``, a path being what follows the host. All have
    ``self``; a book also ``copies`` and ``metadata``; a copy ``book``; a loan ``copy`` and
    ``user``; a reservation ``book`` and ``user``; a user ``loans``. These have relations:
    ``BookSchema``, ``AuthorSchema``, ``CopySchema``, ``LoanSchema``, ``ReservationSchema`` and
    ``UserSchema`` themselves, and no other schema, nor one made from them.

    Whoever begins at the index and follows links, those of the answers and of the header
    ``Link``, gets to every GET of the document.
    """
    relations = RELATIONS.get(type(schema), {})
    if not relations:
        return body
    hrefs = {
        relation: {"href": url_for(endpoint, **{name: body[key] for name, key in fields.items()})}
        for relation, (endpoint, fields) in relations.items()
    }
    return {**body, "_links": hrefs}
