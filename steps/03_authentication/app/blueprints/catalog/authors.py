"""Authors: list, add, read."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.auth.guards import requires
from app.models import Author
from app.paging import paginated
from app.schemas.author import AuthorSchema
from app.services import authors as service

authors = Blueprint("authors", __name__)


@authors.get("")
@requires("books:read")
def list_authors() -> ResponseReturnValue:
    return paginated(select(Author), AuthorSchema(), sort_keys={"id", "name", "birth_year"})


@authors.post("")
@requires("books:write")
def add_author() -> ResponseReturnValue:
    author = service.add_author(AuthorSchema().load(request.get_json()))
    location = url_for("authors.get_author", author_id=author.id)
    return jsonify(AuthorSchema().dump(author)), 201, {"Location": location}


@authors.get("/<int:author_id>")
@requires("books:read")
def get_author(author_id: int) -> ResponseReturnValue:
    return jsonify(AuthorSchema().dump(service.get_author(author_id)))
