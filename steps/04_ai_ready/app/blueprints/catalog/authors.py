"""Authors: list, add, read."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from app.auth.guards import requires
from app.models import Author
from app.openapi.contracts import accepts, answers
from app.paging import pages
from app.schemas.author import AuthorSchema
from app.services import authors as service

authors = Blueprint("authors", __name__)


@authors.get("")
@requires("books:read")
@pages(AuthorSchema(), sort=["id", "name", "birth_year"])
def list_authors() -> Select[Author]:
    """List authors."""
    return select(Author)


@authors.post("")
@requires("books:write")
@accepts(AuthorSchema())
@answers(AuthorSchema(), 201, location="authors.get_author")
def add_author(values: dict[str, Any]) -> Author:
    """Add an author, before the first of their books."""
    return service.add_author(values)


@authors.get("/<int:author_id>")
@requires("books:read")
@answers(AuthorSchema())
def get_author(author_id: int) -> Author:
    """Read an author."""
    return service.get_author(author_id)
