"""The document, for people: Swagger UI, from files of our own.

``GET /docs/``
    A ``page`` with Swagger UI on ``/openapi.json``: ``docs.html`` is made already.
``GET /docs/<name>``
    A file of the folder ``dist`` in the package ``flask_swagger_ui``; 404 for any other name.

Both are open to everybody, and not in the document. All that the page loads comes from this
host. Its headers are those of every page, but for ``Content-Security-Policy``: everything from
``'self'`` and nowhere else, scripts not even from within the page; styles from within the page
as well (``'unsafe-inline'``), and images also as ``data:``, because Swagger UI needs both; all
the rest, such as who may frame it, as on every page.
"""

from pathlib import Path

import flask_swagger_ui  # type: ignore[import-untyped]
from flask import Blueprint, Response, send_from_directory

from app.auth.guards import public
from app.openapi.contracts import unlisted
from app.pages import page

docs = Blueprint("docs", __name__)

FILES = Path(flask_swagger_ui.__file__).parent / "dist"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'"
)


@docs.get("/")
@public
@unlisted("pages for people")
def show_docs() -> Response:
    response = page("docs.html")
    # Swagger UI sets styles as it draws, and its icons are in its style sheet. Scripts stay ours.
    response.headers["Content-Security-Policy"] = POLICY
    return response


@docs.get("/<path:name>")
@public
@unlisted("files of these pages")
def send_file(name: str) -> Response:
    return send_from_directory(FILES, name)
