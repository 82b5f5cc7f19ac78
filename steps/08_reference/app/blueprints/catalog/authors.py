"""Authors: list, add, read.

What stands above each view stands in the order of ``LAYERS`` in ``app/stack.py``; who may, what
comes in and goes out, and for how long it is kept, is as it is.
"""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from app.auth.guards import requires
from app.caching import cached
from app.models import Author
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.repeats import repeatable
from app.schemas.author import AuthorSchema
from app.services import authors as service

authors = Blueprint("authors", __name__)


@authors.get("")
@requires("books:read")
@reads_page(sort=["id", "name", "birth_year"])
@cached(300, "authors", shared=True)
@page_of(AuthorSchema())
def list_authors() -> Select[Author]:
    """List authors."""
    return select(Author)


@authors.post("")
@requires("books:write")
@accepts(AuthorSchema())
@repeatable
@answers(AuthorSchema(), 201, location="authors.get_author")
def add_author(values: dict[str, Any]) -> Author:
    """Add an author, before the first of their books."""
    return service.add_author(values)


@authors.get("/<int:author_id>")
@requires("books:read")
@cached(300, "authors", shared=True)
@answers(AuthorSchema())
def get_author(author_id: int) -> Author:
    """Read an author."""
    return service.get_author(author_id)
