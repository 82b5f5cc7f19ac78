"""Authors: list, add, read."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import NotFound
from app.extensions import store
from app.paging import paginated
from app.schemas.author import AuthorSchema
from app.store import Author

authors = Blueprint("authors", __name__)


@authors.get("")
def list_authors() -> ResponseReturnValue:
    return paginated(store.authors, AuthorSchema(), sort_keys={"id", "name", "birth_year"})


@authors.post("")
def add_author() -> ResponseReturnValue:
    author = store.authors.add(Author(**AuthorSchema().load(request.get_json())))
    location = url_for("authors.get_author", author_id=author.id)
    return jsonify(AuthorSchema().dump(author)), 201, {"Location": location}


@authors.get("/<int:author_id>")
def get_author(author_id: int) -> ResponseReturnValue:
    return jsonify(AuthorSchema().dump(find_author(author_id)))


def find_author(author_id: int) -> Author:
    author = store.authors.get(author_id)
    if author is None:
        raise NotFound(f"there is no author {author_id}")
    return author
