"""Copies: list and add those of a book, read one, remove one."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from app.auth.guards import requires
from app.paging import paginated
from app.schemas.copy import CopySchema
from app.services import copies as service

copies = Blueprint("copies", __name__)


@copies.get("/books/<int:book_id>/copies")
@requires("books:read")
def list_copies(book_id: int) -> ResponseReturnValue:
    rows = service.copies_of(book_id)
    return paginated(rows, CopySchema(), sort_keys={"id", "barcode", "condition"})


@copies.post("/books/<int:book_id>/copies")
@requires("books:write")
def add_copy(book_id: int) -> ResponseReturnValue:
    copy = service.add_copy(book_id, CopySchema().load(request.get_json()))
    location = url_for("copies.get_copy", copy_id=copy.id)
    return jsonify(CopySchema().dump(copy)), 201, {"Location": location}


@copies.get("/copies/<int:copy_id>")
@requires("books:read")
def get_copy(copy_id: int) -> ResponseReturnValue:
    return jsonify(CopySchema().dump(service.get_copy(copy_id)))


@copies.delete("/copies/<int:copy_id>")
@requires("books:write")
def remove_copy(copy_id: int) -> ResponseReturnValue:
    service.remove_copy(copy_id)
    return "", 204
