"""OpenAPI: the document that says what this API takes and gives, made from the app itself."""

from typing import Any

from flask import Flask


def document_of(app: Flask) -> dict[str, Any]:
    """The document of ``app``: made when it is first asked for, when all routes are there."""
    from app.openapi.document import make_document  # imports every schema, which import this

    if "openapi" not in app.extensions:
        app.extensions["openapi"] = make_document(app)
    document: dict[str, Any] = app.extensions["openapi"]
    return document
