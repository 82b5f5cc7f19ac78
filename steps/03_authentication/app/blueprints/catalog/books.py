"""Books: list, add, read, replace, remove.

The list is sorted by ``id``, ``title``, ``published_year`` and ``isbn13``. A new book is answered
with 201 and its address in ``Location``, a removed one with 204 and nothing.
"""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth.guards import requires
from app.models import Book
from app.paging import paginated
from app.schemas.book import BookSchema, BookUpdateSchema
from app.services import books as service

books = Blueprint("books", __name__)


@books.get("")
@requires("books:read")
def list_books() -> ResponseReturnValue:
    sort_keys = {"id", "title", "published_year", "isbn13"}
    return paginated(select(Book), BookSchema(), sort_keys=sort_keys)


@books.post("")
@requires("books:write")
def add_book() -> ResponseReturnValue:
    book = service.add_book(BookSchema().load(request.get_json()))
    location = url_for("books.get_book", book_id=book.id)
    return jsonify(BookSchema().dump(book)), 201, {"Location": location}


@books.get("/<int:book_id>")
@requires("books:read")
def get_book(book_id: int) -> ResponseReturnValue:
    return jsonify(BookSchema().dump(service.get_book(book_id)))


@books.put("/<int:book_id>")
@requires("books:write")
def replace_book(book_id: int) -> ResponseReturnValue:
    book = service.replace_book(book_id, BookUpdateSchema().load(request.get_json()))
    return jsonify(BookSchema().dump(book))


@books.delete("/<int:book_id>")
@requires("books:write")
def remove_book(book_id: int) -> ResponseReturnValue:
    service.remove_book(book_id)
    return "", 204
