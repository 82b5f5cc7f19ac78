"""Books: list, add, read, replace, remove.

The list is sorted by ``id``, ``title``, ``published_year`` and ``isbn13``. A new book is answered
with 201 and its address in ``Location``, a removed one with 204 and nothing.
"""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.errors import Conflict
from app.extensions import db
from app.models import Author, Book
from app.paging import paginated
from app.schemas.book import BookSchema, BookUpdateSchema
from app.services import books as service
from app.services.lookup import known
from app.services.versions import unchanged_since

books = Blueprint("books", __name__)


@books.get("")
def list_books() -> ResponseReturnValue:
    sort_keys = {"id", "title", "published_year", "isbn13"}
    return paginated(select(Book), BookSchema(), sort_keys=sort_keys)


@books.post("")
def add_book() -> ResponseReturnValue:
    values = BookSchema().load(request.get_json())
    refuse_known_isbn(values["isbn13"])
    book = service.add_book(values)
    location = url_for("books.get_book", book_id=book.id)
    return jsonify(BookSchema().dump(book)), 201, {"Location": location}


@books.get("/<int:book_id>")
def get_book(book_id: int) -> ResponseReturnValue:
    return jsonify(BookSchema().dump(service.get_book(book_id)))


@books.put("/<int:book_id>")
def replace_book(book_id: int) -> ResponseReturnValue:
    # Exercise 2.3: all of this belongs into the service, and into one transaction.
    book = service.get_book(book_id)
    values = BookUpdateSchema().load(request.get_json())
    refuse_known_isbn(values["isbn13"], but=book)
    with unchanged_since(book, values["version"]):
        for name in ("title", "isbn13", "published_year"):
            setattr(book, name, values[name])
        db.session.commit()
        book.authors.clear()
        for author_id in values["author_ids"]:
            book.authors.append(known(Author, "author_ids", author_id))
        db.session.commit()
    return jsonify(BookSchema().dump(book))


@books.delete("/<int:book_id>")
def remove_book(book_id: int) -> ResponseReturnValue:
    db.session.delete(service.get_book(book_id))
    db.session.commit()
    return "", 204


def refuse_known_isbn(isbn13: str, but: Book | None = None) -> None:
    book = db.session.scalar(select(Book).where(Book.isbn13 == isbn13))
    if book is not None and book is not but:
        raise Conflict("isbn_taken", f"book {book.id} has the ISBN {isbn13} already")
