"""Books: list, add, read, replace, remove."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import Conflict, NotFound, Unprocessable
from app.extensions import store
from app.paging import paginated
from app.schemas.book import BookSchema
from app.store import Author, Book

books = Blueprint("books", __name__)


@books.get("")
def list_books() -> ResponseReturnValue:
    sort_keys = {"id", "title", "published_year", "isbn13"}
    return paginated(store.books, BookSchema(), sort_keys=sort_keys)


@books.post("")
def add_book() -> ResponseReturnValue:
    values = load_book()
    refuse_known_isbn(values["isbn13"])
    book = store.books.add(Book(**values))
    location = url_for("books.get_book", book_id=book.id)
    return jsonify(BookSchema().dump(book)), 201, {"Location": location}


@books.get("/<int:book_id>")
def get_book(book_id: int) -> ResponseReturnValue:
    return jsonify(BookSchema().dump(find_book(book_id)))


@books.put("/<int:book_id>")
def replace_book(book_id: int) -> ResponseReturnValue:
    book = find_book(book_id)
    values = load_book()
    refuse_known_isbn(values["isbn13"], but=book)
    for name, value in values.items():
        setattr(book, name, value)
    return jsonify(BookSchema().dump(book))


@books.delete("/<int:book_id>")
def remove_book(book_id: int) -> ResponseReturnValue:
    store.books.remove(find_book(book_id))
    return "", 204


def find_book(book_id: int) -> Book:
    book = store.books.get(book_id)
    if book is None:
        raise NotFound(f"there is no book {book_id}")
    return book


def load_book() -> dict[str, Any]:
    """The request's body, validated, with the authors in place of their ids."""
    values: dict[str, Any] = BookSchema().load(request.get_json())
    values["authors"] = [known_author(author_id) for author_id in values.pop("author_ids")]
    return values


def known_author(author_id: int) -> Author:
    author = store.authors.get(author_id)
    if author is None:
        raise Unprocessable("author_ids", f"there is no author {author_id}")
    return author


def refuse_known_isbn(isbn13: str, but: Book | None = None) -> None:
    for book in store.books:
        if book.isbn13 == isbn13 and book is not but:
            raise Conflict("isbn_taken", f"book {book.id} has the ISBN {isbn13} already")
