"""The document itself, for programs."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.auth.guards import public
from app.openapi import document_of

document = Blueprint("document", __name__)


@document.get("/openapi.json")
@public
def show_document() -> ResponseReturnValue:
    """This document.

    OpenAPI 3.1: every operation with what it takes, what it gives, and how it can fail.
    """
    return jsonify(document_of(current_app))
