"""Copies: list and add those of a book, read one, remove one.

The document names every status and every code that these can answer.
"""

from typing import Any

from flask import Blueprint
from marshmallow import ValidationError
from sqlalchemy import Select

from app.auth.guards import requires
from app.caching import cached
from app.errors import ApiError, Invalid
from app.hints import explain
from app.models import Copy
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.repeats import repeatable
from app.schemas.copy import BulkOutcomeSchema, BulkSchema, CopySchema
from app.services import bulk
from app.services import copies as service

copies = Blueprint("copies", __name__)


@copies.get("/books/<int:book_id>/copies")
@requires("books:read")
@reads_page(sort=["id", "barcode", "condition"])
@cached(10, "copies", "loans", "books", shared=True)
@page_of(CopySchema())
def list_copies(book_id: int) -> Select[Copy]:
    """List the copies of a book."""
    return service.copies_of(book_id)


@copies.post("/books/<int:book_id>/copies")
@requires("books:write")
@accepts(CopySchema())
@repeatable
@answers(CopySchema(), 201, location="copies.get_copy", errors={409: ["barcode_taken"]})
def add_copy(values: dict[str, Any], book_id: int) -> Copy:
    """Add a copy of a book."""
    return service.add_copy(book_id, values)


@copies.post("/books/<int:book_id>/copies/bulk")
@requires("books:write")
@accepts(BulkSchema())
@repeatable
@answers(BulkOutcomeSchema())
def add_copies(values: dict[str, Any], book_id: int) -> dict[str, Any]:
    """Add up to 100 copies of a book.

    Each is answered, in the order in which they came: one that cannot be added keeps none of
    the others out. What is there already stays as it is: send the same again, if in doubt.
    """
    return {"items": bulk.add_copies(book_id, [load(item) for item in values["items"]])}


@copies.get("/copies/<int:copy_id>")
@requires("books:read")
@answers(CopySchema())
def get_copy(copy_id: int) -> Copy:
    """Read a copy."""
    return service.get_copy(copy_id)


@copies.delete("/copies/<int:copy_id>")
@requires("books:write")
@answers(None, 204, errors={409: ["copy_has_loans"]})
def remove_copy(copy_id: int) -> None:
    """Remove a copy, if it was never lent."""
    service.remove_copy(copy_id)


def load(item: dict[str, Any]) -> dict[str, Any] | ApiError:
    """One item of many: its values, or why it has none."""
    schema = CopySchema()
    try:
        values: dict[str, Any] = schema.load(item)
    except ValidationError as error:
        return Invalid(explain(error, schema, item))
    return values
