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

from importlib.resources import files

from flask import Blueprint, Response, current_app, send_from_directory

from app.auth.guards import public
from app.openapi.contracts import unlisted
from app.pages import page

docs = Blueprint("docs", __name__)


@docs.get("/")
@public
@unlisted("pages for people")
def show_docs() -> Response:
    response = page("docs.html")
    policy = response.content_security_policy
    policy.style_src = f"{policy.default_src} 'unsafe-inline'"
    policy.img_src = f"{policy.default_src} data:"
    response.content_security_policy = policy
    return response


@docs.get("/<path:name>")
@public
@unlisted("files of these pages")
def send_file(name: str) -> Response:
    folder = files("flask_swagger_ui") / "dist"
    current_app.logger.debug("a file of Swagger UI: %s", name)
    return send_from_directory(str(folder), name)
