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

from flask import Blueprint, Response
from flask import send_file as send
from flask_swagger_ui import __file__ as package  # type: ignore[import-untyped]
from werkzeug.exceptions import NotFound

from app.auth.guards import public
from app.openapi.contracts import unlisted
from app.pages import HEADERS, page

docs = Blueprint("docs", __name__)

KNOWN = {file.name: file for file in Path(package).with_name("dist").iterdir() if file.is_file()}


@docs.get("/")
@public
@unlisted("pages for people")
def show_docs() -> Response:
    response = page("docs.html")
    more = ["script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"]
    policy = "; ".join([HEADERS["Content-Security-Policy"], *more, "object-src 'none'"])
    response.headers["Content-Security-Policy"] = policy
    return response


@docs.get("/<path:name>")
@public
@unlisted("files of these pages")
def send_file(name: str) -> Response:
    if name not in KNOWN:
        raise NotFound
    return send(KNOWN[name])
