"""The index: the one address that a client has to know."""

from typing import Any

from flask import Blueprint, current_app, url_for

from app.auth.guards import public
from app.openapi import document_of
from app.openapi.contracts import answers
from app.schemas.index import IndexSchema

index = Blueprint("index", __name__)


@index.get("/")
@public
@answers(IndexSchema())
def show_index() -> dict[str, Any]:
    """Begin here.

    Links to all that can be read without knowing more: follow them, and the links in the
    answers, and no address has to be guessed.
    """
    return {"_links": {relation: {"href": href} for relation, href in starting_points().items()}}


def starting_points() -> dict[str, str]:
    """Where a client can go from here: relations, and paths that begin with a slash.

    ``self``
        The index.
    ``service-desc``, ``service-doc``
        The document, and the pages that show it (RFC 8631).
    an ``operationId`` of the document
        One for each GET whose path has no parameters, the index itself left out.
    """
    paths = document_of(current_app)["paths"]
    starts = {
        item["get"]["operationId"]: path
        for path, item in paths.items()
        if "get" in item and "{" not in path
    }
    starts.pop("show_index")
    return {
        "self": url_for("index.show_index"),
        "service-desc": url_for("document.show_document"),
        "service-doc": url_for("docs.show_docs"),
        **starts,
    }
