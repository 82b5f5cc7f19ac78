"""Copies: list and add those of a book, read one, remove one.

The document names every status and every code that these can answer.
"""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select

from app.auth.guards import requires
from app.models import Copy
from app.openapi.contracts import accepts, answers
from app.paging import pages
from app.schemas.copy import CopySchema
from app.services import copies as service

copies = Blueprint("copies", __name__)


@copies.get("/books/<int:book_id>/copies")
@requires("books:read")
@pages(CopySchema(), sort=["id", "barcode", "condition"])
def list_copies(book_id: int) -> Select[Copy]:
    """List the copies of a book."""
    return service.copies_of(book_id)


@copies.post("/books/<int:book_id>/copies")
@requires("books:write")
@accepts(CopySchema())
@answers(CopySchema(), 201, location="copies.get_copy", errors={409: ["barcode_taken"]})
def add_copy(values: dict[str, Any], book_id: int) -> Copy:
    """Add a copy of a book."""
    return service.add_copy(book_id, values)


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
