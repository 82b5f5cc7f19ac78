"""Books: list, add, read, replace, remove.

The list is sorted by ``id``, ``title``, ``published_year`` and ``isbn13``. A new book is answered
with 201 and its address in ``Location``, a removed one with 204 and nothing.
"""

from typing import Any

from flask import Blueprint, current_app
from sqlalchemy import Select, select

from app.auth.guards import requires
from app.caching import cached
from app.conditional import check_version
from app.models import Book
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.repeats import repeatable
from app.schemas.book import BookSchema, BookUpdateSchema
from app.schemas.metadata import MetadataSchema
from app.services import books as service
from app.services.lookup import locked
from app.services.metadata import Metadata, MetadataClient

books = Blueprint("books", __name__)

TABLES = ("books", "authorships", "authors")


@books.get("")
@requires("books:read")
@reads_page(sort=["id", "title", "published_year", "isbn13"])
@cached(60, *TABLES, shared=True)
@page_of(BookSchema())
def list_books() -> Select[Book]:
    """List books."""
    return select(Book)


@books.post("")
@requires("books:write")
@accepts(BookSchema())
@repeatable
@answers(BookSchema(), 201, location="books.get_book", errors={409: ["isbn_taken"]})
def add_book(values: dict[str, Any]) -> Book:
    """Add a book.

    Its authors have to be there already. Copies of it are added on their own.
    """
    return service.add_book(values)


@books.get("/<int:book_id>")
@requires("books:read")
@cached(60, *TABLES, shared=True)
@answers(BookSchema())
def get_book(book_id: int) -> Book:
    """Read a book."""
    return service.get_book(book_id)


@books.put("/<int:book_id>")
@requires("books:write")
@accepts(BookUpdateSchema())
@answers(
    BookSchema(),
    errors={
        409: ["isbn_taken", "stale_version"],
        412: ["precondition_failed"],
        428: ["precondition_required"],
    },
)
def replace_book(values: dict[str, Any], book_id: int) -> Book:
    """Replace a book.

    Read it first: what you have read has to be what is there. Say so by its ETag, as If-Match,
    or by its version.
    """
    book = locked(Book, book_id)  # what is checked stays so until the commit
    check_version(book.version, needed=values["version"] is None)
    return service.replace_book(book_id, {**values, "version": values["version"] or book.version})


@books.delete("/<int:book_id>")
@requires("books:write")
@answers(None, 204, errors={409: ["book_has_loans"], 412: ["precondition_failed"]})
def remove_book(book_id: int) -> None:
    """Remove a book and its copies, if none of them was ever lent.

    With If-Match, only if it is still what you have read.
    """
    check_version(locked(Book, book_id).version, needed=False)
    service.remove_book(book_id)


@books.get("/<int:book_id>/metadata")
@requires("books:read")
@answers(MetadataSchema())
def read_metadata(book_id: int) -> Metadata:
    """Read what others know about a book.

    They are asked now; where they do not answer, available is false, and that is no error.
    """
    client: MetadataClient = current_app.extensions["metadata"]
    return client.look_up(service.isbn13_of(book_id))
